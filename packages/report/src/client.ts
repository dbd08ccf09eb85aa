import { element } from "./client/element.ts";
import { graphView } from "./client/graph/graph-view.ts";
import { plural } from "./client/numbers.ts";
import { Selection } from "./client/selection.ts";
import { summaryView } from "./client/summary-view.ts";
import { tableView } from "./client/table-view.ts";
import { Tabs, type Tab } from "./client/tabs.ts";
import { Theme } from "./client/theme.ts";
import { trainingView } from "./client/training-view.ts";
import { valuesView } from "./client/values-view.ts";
import type { ReportData } from "./report-data.ts";

const data = JSON.parse(document.getElementById("data")!.textContent!) as ReportData;
const selection = new Selection();
const theme = new Theme();
const { analysis, training, graph } = data;
const views: readonly Tab[] = [
  { title: "Summary", view: () => summaryView(data, selection, () => tabs.show("Graph")) },
  ...(training ? [{ title: "Training", view: () => trainingView(training, theme) }] : []),
  { title: "Graph", view: () => graphView(data, selection, theme) },
  { title: analysis ? "Layers" : "Nodes", view: () => tableView(data, selection) },
  ...(analysis ? [{ title: "Values", view: () => valuesView(analysis, graph.nodes, selection, theme) }] : []),
];
const tabs: Tabs = new Tabs(views, theme);
const page = document.getElementById("report")!;
page.append(
  element("h1", { dir: "auto" }, data.model.slice(0, 300)),
  element("p", { class: "soft" }, subtitle(data)),
  tabs.list,
  ...tabs.panels,
);

function subtitle({ kind, backend }: ReportData): string {
  const verb = kind === "train" ? "trained" : "quantized";
  const how = backend === null ? "trained in float" : `${verb} for ${backend}`;
  return analysis ? `${how}, analyzed on ${plural(analysis.samples, "sample")}` : how;
}
