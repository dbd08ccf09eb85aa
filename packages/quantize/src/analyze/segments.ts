import { cloneGraph, GraphEditor, type Graph, type Node, type Value } from "@lowbit/ir";
import { cutPositions, type Span } from "./cut-positions.ts";
import { switchesName, withoutDeadCode } from "./switchable-graph.ts";

/** A part of a graph between two cuts, runnable on its own. */
export interface Segment {
  readonly graph: Graph;
  /** Makes the part from here to the end. */
  readonly rest: () => Graph;
  /** Names of what it reads from the segments before it and of the graph's own inputs, without the switches. */
  readonly inputs: readonly string[];
  /** Names of what the segments behind it read; the results of the graph, in order, in the last one. */
  readonly outputs: readonly string[];
  /** Indices of the watched values that it computes. */
  readonly watched: ReadonlySet<number>;
  readonly readsSwitches: boolean;
}

/**
 * Cuts a graph into at most `count` segments, so that a run can begin in the middle with values kept from another run.
 *
 * @param watched values that are outputs of the segment that computes them
 * @param costOf of a node; any unit
 * @param ablated for each ablation the values in which it differs from the run it starts from
 */
export function segmentsOf(
  graph: Graph,
  watched: readonly Value[],
  count: number,
  costOf: (node: Node) => number,
  ablated: readonly (readonly Value[])[],
): readonly Segment[] {
  const nodes = [...graph.nodes];
  const position = new Map(nodes.map((node, index) => [node, index]));
  const spans = ablated.map((values): Span => {
    const positions = values.map(({ producer }) => topPosition(producer!, graph, position));
    return { first: Math.min(...positions), last: Math.max(...positions) };
  });
  // A switch and what it switches stay together: kept values must not depend on switches.
  const isSwitch = (node: Node): boolean => node.inputs[0]?.name === switchesName;
  const ends = cutPositions(nodes.map(costOf), spans, count, (index) => !isSwitch(nodes[index - 1]!));
  const segmentOf = (node: Node): number => ends.findIndex((end) => topPosition(node, graph, position) < end);
  const madeIn = (value: Value): number => (value.producer ? segmentOf(value.producer) : -1);
  const lastRead = new Map<Value, number>();
  for (const value of graph.values.values()) {
    if (value.initializer && !value.isGraphInput) continue;
    lastRead.set(value, Math.max(-1, ...value.users.map(segmentOf)));
  }
  const crossing = (cut: number): readonly Value[] =>
    [...lastRead].flatMap(([value, last]) =>
      value.name !== switchesName && madeIn(value) < cut && (last >= cut || value.isGraphOutput) ? [value] : [],
    );
  return ends.map((_, index): Segment => {
    const isLast = index === ends.length - 1;
    const inputs = index === 0 ? graph.inputs.filter(({ name }) => name !== switchesName) : crossing(index);
    const outputs = isLast ? graph.outputs : crossing(index + 1);
    const own = watched.flatMap((value, at) => (madeIn(value) === index ? [at] : []));
    const from = index === 0 ? [] : inputs;
    const part = extract(graph, from, [...new Set([...outputs, ...own.map((at) => watched[at]!)])]);
    const names = new Set(part.inputs.map(({ name }) => name));
    return {
      graph: part,
      rest: () => extract(graph, from, graph.outputs),
      inputs: inputs.map(({ name }) => name).filter((name) => names.has(name)),
      outputs: outputs.map(({ name }) => name),
      watched: new Set(own),
      readsSwitches: names.has(switchesName),
    };
  });
}

/** The position in the graph of a node or, inside a body, of the node that has the body. */
function topPosition(node: Node, graph: Graph, position: ReadonlyMap<Node, number>): number {
  let at = node;
  while (at.graph !== graph) at = at.graph.owner!;
  return position.get(at)!;
}

/** The part of a graph that computes some values from others. */
function extract(graph: Graph, from: readonly Value[], to: readonly Value[]): Graph {
  const clone = cloneGraph(graph);
  const editor = new GraphEditor(clone.graph);
  editor.setOutputs(to.filter((value) => !from.includes(value)).map((value) => clone.values.get(value)!));
  for (const value of from) {
    const twin = clone.values.get(value)!;
    if (twin.isGraphInput) continue;
    const { name, type } = twin;
    editor.rename(twin, clone.graph.names.fresh(`${name}_before`));
    editor.replaceAllUses(twin, editor.input(name, type));
  }
  withoutDeadCode(clone.graph);
  for (const input of [...clone.graph.inputs]) {
    const kept = from.some(({ name }) => name === input.name);
    if (!kept && input.uses.size === 0 && !input.isGraphOutput && !input.initializer) editor.removeInput(input);
  }
  for (const input of [...clone.graph.inputs]) {
    if (input.uses.size === 0 && !input.isGraphOutput) editor.removeInput(input);
  }
  return clone.graph;
}
