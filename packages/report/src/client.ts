import type { ReportData } from "./report-data.ts";
import { graphView } from "./client/graph-view.ts";
import { layersView } from "./client/layers-view.ts";
import { Selection } from "./client/selection.ts";
import { summaryView } from "./client/summary-view.ts";
import { showTabs } from "./client/tabs.ts";
import { valuesView } from "./client/values-view.ts";

const data = JSON.parse(document.getElementById("data")!.textContent!) as ReportData;
const selection = new Selection();
showTabs(document.getElementById("report")!, data, selection, [
  { title: "Summary", view: () => summaryView(data) },
  { title: "Graph", view: () => graphView(data, selection) },
  { title: "Layers", view: () => layersView(data, selection) },
  { title: "Values", view: () => valuesView(data, selection) },
]);
