import type { ReportData, ReportNode } from "../../report-data.ts";
import { element, nameText, shortened } from "../element.ts";
import { decibels, metricText, percent, plural, timeText } from "../numbers.ts";
import type { GraphColours } from "./colours.ts";
import type { Item, OpenableGraph } from "./scene.ts";

type Fact = readonly [name: string, value: Node | string];

/** What can be done from the facts of an item. */
export interface FactActions {
  readonly go: (node: number) => void;
  readonly toggle: (block: number) => void;
}

/** Most neighbours that are listed. */
const mostLinks = 6;

/** What is known about a node or a block. */
export function factsOf(
  item: Item,
  data: ReportData,
  graph: OpenableGraph,
  colours: GraphColours,
  actions: FactActions,
): readonly Node[] {
  const node = item.kind === "node" ? data.graph.nodes[item.index]! : null;
  const name = node?.name ?? data.graph.blocks[item.index]!.name;
  const facts = node ? factsOfNode(item.index, node, data, actions) : factsOfBlock(item.index, data, colours);
  const list = facts.flatMap(([title, value]) => [element("dt", {}, title), element("dd", { dir: "auto" }, value)]);
  const toggle =
    item.kind === "node"
      ? []
      : [
          element(
            "p",
            {},
            element(
              "button",
              { click: () => actions.toggle(item.index) },
              graph.isOpen(item.index) ? "Close block" : "Open block",
            ),
          ),
        ];
  return [element("h2", {}, nameText(name)), ...toggle, element("dl", {}, ...list)];
}

function factsOfNode(index: number, node: ReportNode, data: ReportData, actions: FactActions): readonly Fact[] {
  const { graph } = data;
  const linked = (title: string, nodes: readonly number[]): readonly Fact[] => {
    const [shown, more] = [[...new Set(nodes)].slice(0, mostLinks), new Set(nodes).size - mostLinks];
    const buttons = shown.map((each) => {
      const { op, name } = graph.nodes[each]!;
      return element("button", { class: "link", click: () => actions.go(each) }, shortened(`${op} ${name}`, 44));
    });
    return nodes.length === 0 ? [] : [[title, element("span", {}, ...buttons, more > 0 ? `and ${more} more` : "")]];
  };
  const time: readonly Fact[] = [
    ...(typeof node.time?.made === "number" ? [["time", timeText(node.time.made)] as const] : []),
    ...(typeof node.time?.float === "number"
      ? [[data.backend === null ? "time before" : "time in float", timeText(node.time.float)] as const]
      : []),
  ];
  const isTimed = data.deployment !== null && time.length === 0;
  return [
    ["op", node.op],
    ...runsAs(node, data),
    ...layerFacts(node, data),
    ...time,
    ...(isTimed ? [["time", "no kernel of its own"] as const] : []),
    ...linked(
      "reads from",
      graph.edges.flatMap(({ from, to }) => (to === index ? [from] : [])),
    ),
    ...linked(
      "read by",
      graph.edges.flatMap(({ from, to }) => (from === index ? [to] : [])),
    ),
  ];
}

function runsAs({ integer, reason }: ReportNode, { backend }: ReportData): readonly Fact[] {
  if (backend === null) return [];
  if (integer) return [["runs as", "integer"]];
  return [
    ["runs as", "float"],
    ["because", reason ?? "it has nothing to quantize"],
  ];
}

function layerFacts(node: ReportNode, { analysis, advice: advices, metric }: ReportData): readonly Fact[] {
  const layer = analysis?.layers.find(({ name }) => name === node.layer);
  if (!analysis || !layer) return [];
  const values = analysis.values.filter((value) => value.layers.includes(layer.name));
  const advice = advices[layer.name];
  const { quantizedAlone: alone, leftFloat } = layer;
  return [
    ["layer", shortened(layer.name, 120)],
    ["alone", decibels(layer.isolated.sqnr)],
    ["in the model", decibels(layer.cumulative.sqnr)],
    ["cosine", layer.cumulative.cosine.toFixed(6)],
    ...(alone ? [["only it quantized", decibels(alone.sqnr)] as const] : []),
    ...(alone && metric !== null ? [[`${metric} then`, metricText(alone.metric, metric)] as const] : []),
    ...(leftFloat ? [["only it float", decibels(leftFloat.sqnr)] as const] : []),
    ...(leftFloat && metric !== null ? [[`${metric} then`, metricText(leftFloat.metric, metric)] as const] : []),
    ["saturated", percent(Math.max(0, ...values.map(({ saturated }) => saturated)))],
    ...(advice ? [["what to do", advice.action] as const, ["because", advice.reason] as const] : []),
  ];
}

/** What is known about the graph as a whole. */
export function factsOfGraph({ graph, backend }: ReportData): readonly Node[] {
  const { nodes, blocks } = graph;
  const facts: readonly Fact[] = [
    ["nodes", `${nodes.length}: ${shortened(opCounts(nodes), 400)}`],
    ...(blocks.length === 0 ? [] : [["blocks", String(blocks.length)] as const]),
    ...(backend === null
      ? []
      : [["on integers", `${nodes.filter(({ integer }) => integer).length} of ${nodes.length}`] as const]),
  ];
  const list = facts.flatMap(([title, value]) => [element("dt", {}, title), element("dd", {}, value)]);
  return [
    element("h2", {}, "The graph"),
    element("dl", {}, ...list),
    element("p", { class: "soft small" }, "Choose a node to see its facts."),
  ];
}

function opCounts(nodes: readonly ReportNode[]): string {
  const ops = new Map<string, number>();
  for (const { op } of nodes) ops.set(op, (ops.get(op) ?? 0) + 1);
  return [...ops]
    .toSorted(([, a], [, b]) => b - a)
    .map(([op, count]) => `${count} ${op}`)
    .join(", ");
}

function factsOfBlock(index: number, { graph, analysis, backend }: ReportData, colours: GraphColours): readonly Fact[] {
  const nodes = colours.members[index]!.map((node) => graph.nodes[node]!);
  const layers = new Set(nodes.map(({ layer }) => layer));
  const errors = (analysis?.layers ?? []).filter(
    ({ name, cumulative }) => layers.has(name) && cumulative.sqnr !== null,
  );
  const worst = errors.toSorted((a, b) => a.cumulative.sqnr! - b.cumulative.sqnr!)[0];
  const { alike } = graph.blocks[index]!;
  const time = colours.timeOf({ kind: "block", index });
  return [
    ["nodes", `${nodes.length}: ${shortened(opCounts(nodes), 160)}`],
    ...(alike > 1 ? [["alike", plural(alike, "block") + " of the same ops"] as const] : []),
    ...(backend === null
      ? []
      : [["on integers", `${nodes.filter(({ integer }) => integer).length} of ${nodes.length}`] as const]),
    ...(time === null ? [] : [["time", timeText(time)] as const]),
    ...(worst
      ? [["worst layer", nameText(worst.name)] as const, ["in the model", decibels(worst.cumulative.sqnr)] as const]
      : []),
  ];
}
