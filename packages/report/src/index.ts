/**
 * Shows what quantization or training did to a model as one HTML file that needs no network: summary, graph, layers, values,
 * training curves.
 *
 * It knows how results look, not how they are made.
 */
export { reportGraph, type NodeFacts } from "./report-graph.ts";
export { reportHtml } from "./report-html.ts";
export {
  TrainingRecord,
  type EpochPoint,
  type StepPoint,
  type TrainingCurves,
  type TrainingMark,
} from "./training-record.ts";
export type { LevelLayout } from "./layout/level-layout.ts";
export type {
  Deployment,
  Latency,
  Pair,
  ReportBlock,
  ReportData,
  ReportEdge,
  ReportGraph,
  ReportNode,
  ReportSearch,
} from "./report-data.ts";
