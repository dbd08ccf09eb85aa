/**
 * Shows the analysis of a quantized model as one HTML file that needs no network: summary, graph, layers, values.
 *
 * It knows how an analysis looks, not how it is made.
 */
export { reportGraph } from "./report-graph.ts";
export { reportHtml } from "./report-html.ts";
export type { ReportData, ReportEdge, ReportGraph, ReportNode } from "./report-data.ts";
