import { Graph, layout } from "@dagrejs/dagre";
import type { LayerAnalysis } from "@lowbit/quantize";
import type { ReportData, ReportNode } from "../report-data.ts";
import { drawing, element, nameText, shortened } from "./element.ts";
import { decibels, metricText, percent, shade, shades } from "./numbers.ts";
import { PanZoom } from "./pan-zoom.ts";
import type { Selection } from "./selection.ts";

const nodeWidth = 168;
const nodeHeight = 42;

/** Nodes above which the layout takes the quick way of ranking. */
const manyNodes = 300;

/** How nodes are coloured. */
type Colouring = "error" | "saturation" | "integer";

/** The graph, laid out from top to bottom, with pan, zoom, search, and the facts about the node that was clicked. */
export function graphView(data: ReportData, selection: Selection): HTMLElement {
  const { nodes, edges } = data.graph;
  const layers = new Map(data.analysis.layers.map((layer) => [layer.name, layer]));
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: "TB",
    ranksep: 26,
    nodesep: 22,
    ranker: nodes.length > manyNodes ? "longest-path" : "network-simplex",
  });
  graph.setDefaultEdgeLabel(() => ({}));
  nodes.forEach((_, index) => graph.setNode(String(index), { width: nodeWidth, height: nodeHeight }));
  edges.forEach(({ from, to }, index) => graph.setEdge(String(from), String(to), {}, String(index)));
  layout(graph);
  const lines = graph.edges().map((edge: Parameters<typeof graph.edge>[0]) => {
    const points = (graph.edge(edge) as { readonly points: readonly { readonly x: number; readonly y: number }[] })
      .points;
    const path = points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    return drawing("path", { class: "edge", d: path });
  });
  const facts = element("div", { class: "card", "aria-live": "polite" }, "Choose a node to see its facts.");
  const drawn = nodes.map((node, index) => {
    const at = graph.node(String(index)) as { readonly x: number; readonly y: number };
    const choose = (): void => {
      facts.replaceChildren(...factsOf(node, data, layers));
      for (const [other, each] of drawn.entries()) each.setAttribute("aria-pressed", String(other === index));
      if (node.layer !== null) selection.select(node.layer);
    };
    const box = drawing("rect", { x: -nodeWidth / 2, y: -nodeHeight / 2, width: nodeWidth, height: nodeHeight, rx: 6 });
    const op = drawing(
      "text",
      { y: -3, "text-anchor": "middle", "font-size": 14, "font-weight": 600 },
      node.op.slice(0, 20),
    );
    const name = drawing("text", { y: 14, "text-anchor": "middle", "font-size": 10.5 }, shortened(node.name, 26));
    return drawing(
      "g",
      {
        class: "node",
        role: "button",
        tabindex: 0,
        "aria-label": `${node.op} ${shortened(node.name, 80)}`,
        "aria-pressed": "false",
        transform: `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`,
        click: choose,
        keydown: (event: KeyboardEvent) => (event.key === "Enter" || event.key === " " ? choose() : undefined),
      },
      box,
      op,
      name,
    );
  });
  const key = element("div");
  const colour = (by: Colouring): void => {
    key.replaceChildren(...keyOf(by));
    nodes.forEach((node, index) => {
      const { fill, ink } = colourOf(node, by, data, layers);
      drawn[index]!.querySelector("rect")!.setAttribute("fill", fill);
      for (const text of drawn[index]!.querySelectorAll("text")) text.setAttribute("fill", ink);
    });
  };
  const { width = 1, height = 1 } = graph.graph() as { readonly width?: number; readonly height?: number };
  const canvas = drawing("svg", { class: "graph", role: "group", "aria-label": "graph of the model", tabindex: 0 });
  canvas.append(drawing("g", {}, ...lines), drawing("g", {}, ...drawn));
  const panZoom = new PanZoom(canvas, width, height);
  const search = element("input", {
    type: "search",
    placeholder: "Search nodes",
    "aria-label": "search nodes",
    input: () => {
      const wanted = search.value.toLowerCase();
      const hits = nodes.map(({ name, op }) => `${op} ${name}`.toLowerCase().includes(wanted));
      drawn.forEach((each, index) => each.classList.toggle("dim", !hits[index]));
      const first = hits.indexOf(true);
      const at =
        first < 0 || wanted === "" ? null : (graph.node(String(first)) as { readonly x: number; readonly y: number });
      if (at) panZoom.center(at.x, at.y);
    },
  });
  const by = element(
    "select",
    { "aria-label": "colour by", change: () => colour(by.value as Colouring) },
    element("option", { value: "error" }, "error"),
    element("option", { value: "saturation" }, "saturation"),
    element("option", { value: "integer" }, "integer or float"),
  );
  colour("error");
  const tools = element(
    "div",
    { class: "tools" },
    search,
    element("label", {}, "Colour by ", by),
    element("button", { click: () => panZoom.fit() }, "Whole graph"),
    element("button", { "aria-label": "zoom in", click: () => panZoom.zoom(0.7) }, "+"),
    element("button", { "aria-label": "zoom out", click: () => panZoom.zoom(1 / 0.7) }, "−"),
    key,
  );
  return element("div", {}, tools, element("div", { class: "split" }, canvas, facts));
}

function colourOf(
  node: ReportNode,
  by: Colouring,
  { analysis }: ReportData,
  layers: ReadonlyMap<string, LayerAnalysis>,
): { readonly fill: string; readonly ink: string } {
  const layer = node.layer === null ? undefined : layers.get(node.layer);
  if (by === "integer") return layer ? { fill: "#0072b2", ink: "#fff" } : { fill: "#e69f00", ink: "#10151c" };
  if (!layer) return { fill: "var(--back)", ink: "var(--ink)" };
  // 50 dB and more is as good as exact, 10 dB and less as bad as it gets.
  if (by === "error") return shade(layer.cumulative.sqnr === null ? 0 : (50 - layer.cumulative.sqnr) / 40);
  const values = analysis.values.filter((value) => value.layers.includes(layer.name));
  return shade(Math.max(0, ...values.map(({ saturated }) => saturated)) / 0.02);
}

function keyOf(by: Colouring): readonly HTMLElement[] {
  const entry = (fill: string, text: string): HTMLElement =>
    element("span", { class: "key" }, element("i", { style: `background:${fill}` }), text);
  if (by === "integer") return [entry("#0072b2", "integer"), entry("#e69f00", "float")];
  const ends = by === "error" ? ["50 dB and more", "10 dB and less"] : ["0 %", "2 % and more"];
  return shades.map((fill, i) => entry(fill, i === 0 ? ends[0]! : i === shades.length - 1 ? ends[1]! : ""));
}

function factsOf(node: ReportNode, data: ReportData, layers: ReadonlyMap<string, LayerAnalysis>): readonly Node[] {
  const layer = node.layer === null ? undefined : layers.get(node.layer);
  const rows: (readonly [string, string])[] = [["op", node.op]];
  if (!layer) rows.push(["runs as", "float"], ["because", node.reason ?? "it has nothing to quantize"]);
  else {
    const values = data.analysis.values.filter((value) => value.layers.includes(layer.name));
    const advice = data.advice[layer.name];
    const { metric } = data;
    rows.push(
      ["runs as", "integer"],
      ["layer", shortened(layer.name, 120)],
      ["alone", decibels(layer.isolated.sqnr)],
      ["in the model", decibels(layer.cumulative.sqnr)],
      ["cosine", layer.cumulative.cosine.toFixed(6)],
      ...(layer.quantizedAlone ? [["only it quantized", decibels(layer.quantizedAlone.sqnr)] as const] : []),
      ...(layer.quantizedAlone && metric !== null
        ? [[`${metric} then`, metricText(layer.quantizedAlone.metric, metric)] as const]
        : []),
      ...(layer.leftFloat ? [["only it float", decibels(layer.leftFloat.sqnr)] as const] : []),
      ["saturated", percent(Math.max(0, ...values.map(({ saturated }) => saturated)))],
      ...(advice ? [["what to do", advice.action] as const, ["because", advice.reason] as const] : []),
    );
  }
  const list = rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  return [element("h2", {}, nameText(node.name)), element("dl", {}, ...list)];
}
