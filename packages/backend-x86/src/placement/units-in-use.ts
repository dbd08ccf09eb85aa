import type { Unit } from "@lowbit/backend-kit";
import {
  cloneGraph,
  CompileError,
  inferShapes,
  type Clone,
  type Dim,
  type Graph,
  type Node,
  type Shape,
  type Use,
  type Value,
} from "@lowbit/ir";

/**
 * The same units in a copy of their graph whose inputs have given shapes, so that prices see the sizes that values have in
 * use where the model leaves axes open. First axes, and what has the same symbol, stay open: those are the batch.
 *
 * Shapes that the model cannot have change nothing: they are for whoever runs it to reject.
 */
export function unitsInUse(
  graph: Graph,
  units: readonly Unit[],
  inputShapes: Readonly<Record<string, Shape>> = {},
): readonly Unit[] {
  const given = openAxes(graph, inputShapes);
  if (Object.keys(given).length === 0 || units.length === 0) return units;
  const typed = typedCopy(graph, given);
  if (typed === null) return units;
  const { values } = typed;
  const nodes = new Map<Node, Node>();
  let twin = typed.graph.nodes.first;
  for (const node of graph.nodes) {
    nodes.set(node, twin!);
    twin = twin!.next;
  }
  const useIn = ({ node, index }: Use): Use => nodes.get(node)!.operands[index]!;
  return units.map((unit) => ({
    ...unit,
    anchor: nodes.get(unit.anchor)!,
    nodes: unit.nodes.map((node) => nodes.get(node)!),
    data: unit.data.map(useIn),
    weight: unit.weight && { ...unit.weight, use: useIn(unit.weight.use) },
    bias: unit.bias && useIn(unit.bias),
    results: unit.results.map((value) => values.get(value)!),
  }));
}

/** What is given for axes that the model leaves open, but for those of the batch; null for all others. */
function openAxes({ inputs }: Graph, inputShapes: Readonly<Record<string, Shape>>): Readonly<Record<string, Shape>> {
  const batch = batchSymbols(inputs);
  const shapes = inputs.flatMap(({ name, shape }): [string, Shape][] => {
    const given = inputShapes[name];
    if (!given || !shape || given.length !== shape.length) return [];
    const isOpen = (dim: Dim, axis: number): boolean => typeof dim !== "number" && axis > 0 && !batch.has(dim);
    const dims = shape.map((dim, axis) => (isOpen(dim, axis) ? given[axis]! : null));
    return dims.some((dim) => dim !== null) ? [[name, dims]] : [];
  });
  return Object.fromEntries(shapes);
}

/** The open dimensions that are the batch: the first ones of the graph's inputs. */
export function batchSymbols(inputs: readonly Value[]): ReadonlySet<Dim> {
  return new Set(inputs.flatMap(({ shape }) => (typeof shape?.[0] === "string" ? [shape[0]] : [])));
}

/** The shapes that values of a graph have when so many samples run at once; none where the model cannot have them. */
export function shapesInUse(graph: Graph, batch: number): ReadonlyMap<Value, Shape> {
  const open = batchSymbols(graph.inputs);
  const inputShapes = Object.fromEntries(
    graph.inputs.flatMap(({ name, shape }): [string, Shape][] =>
      shape ? [[name, shape.map((dim) => (open.has(dim) ? batch : dim))]] : [],
    ),
  );
  const values = typedCopy(graph, inputShapes)?.values ?? [];
  return new Map([...values].flatMap(([value, twin]) => (twin.shape ? [[value, twin.shape]] : [])));
}

/** A copy of a graph whose inputs have these shapes; null where it cannot have them. */
function typedCopy(graph: Graph, inputShapes: Readonly<Record<string, Shape>>): Clone | null {
  const copy = cloneGraph(graph);
  try {
    inferShapes(copy.graph, { inputShapes });
    return copy;
  } catch (error) {
    if (error instanceof CompileError) return null;
    throw error;
  }
}
