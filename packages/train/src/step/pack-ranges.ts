import { GraphEditor, lowbitDomain, Tensor, type Graph, type Node, type Value } from "@lowbit/ir";
import { assign } from "./assign.ts";
import type { Part } from "./pack-parameters.ts";

/**
 * Lets all activation ranges of a prepared graph that are kept alike live in two vectors, so that scales are computed and
 * ranges are moved once for all of them instead of once per activation. Returns what the vectors hold, by their names.
 */
export function packRanges(graph: Graph): ReadonlyMap<string, readonly Part[]> {
  const packed = new Map<string, readonly Part[]>();
  for (const points of rangesKeptAlike(graph)) if (points.length > 1) packGroup(graph, points, packed);
  return packed;
}

/** An activation whose range, seen before, two scalar buffers hold, and what moves them while observers are on. */
interface RangePoint {
  readonly parameters: Node;
  readonly observer: Node | null;
  readonly updates: readonly Node[];
}

/** The activations' ranges, in groups that one set of vector nodes can serve. */
function rangesKeptAlike(graph: Graph): readonly (readonly RangePoint[])[] {
  const groups = new Map<string, RangePoint[]>();
  for (const parameters of graph.nodes) {
    if (!parameters.is("QuantizationParameters", lowbitDomain)) continue;
    const [min, max] = parameters.inputs;
    if (!isScalarBuffer(min) || !isScalarBuffer(max)) continue;
    const others = [...min.users, ...max.users].filter((user) => user !== parameters);
    const observer = others.find((user) => user.is("ObserveRange", lowbitDomain)) ?? null;
    const updates = others.filter((user) => user.is("Assign", lowbitDomain));
    const known = others.every((user) => user === observer || updates.includes(user));
    if (!known || (observer !== null && !isMovingAverage(observer, updates))) continue;
    const key = [keptAs(parameters), observer?.float("averaging_constant", 0.01)].join();
    groups.set(key, [...(groups.get(key) ?? []), { parameters, observer, updates }]);
  }
  return [...groups.values()];
}

function isScalarBuffer(value: Value | null | undefined): value is Value {
  return value?.role === "buffer" && value.initializer?.dims.length === 0 && Number.isFinite(value.initializer.item());
}

function isMovingAverage(observer: Node, updates: readonly Node[]): boolean {
  const moves = observer.string("mode", "moving-average") === "moving-average";
  return (
    moves && updates.length === 2 && updates.every((update) => observer.outputs.includes(update.inputs[1] ?? null))
  );
}

/** What two QuantizationParameters must have in common to be computed together. */
function keptAs(node: Node): string {
  const codes = [node.int("qmin", 0), node.int("qmax", 0), node.string("dtype", "")];
  return [...codes, node.int("symmetric", 0), node.float("eps", 1.1920929e-7)].join();
}

function packGroup(graph: Graph, points: readonly RangePoint[], packed: Map<string, readonly Part[]>): void {
  const editor = new GraphEditor(graph).before(graph.nodes.first);
  const vector = (end: 0 | 1, name: string): Value => {
    const buffers = points.map(({ parameters }) => parameters.inputs[end]!);
    const data = Float32Array.from(buffers, (buffer) => buffer.initializer!.item());
    const value = editor.initializer(Tensor.fromTyped("float", [buffers.length], data), name, "buffer");
    packed.set(
      value.name,
      buffers.map((buffer, offset) => ({ name: buffer.name, offset, dims: [] })),
    );
    return value;
  };
  const [min, max] = [vector(0, "packed_ranges.min"), vector(1, "packed_ranges.max")];
  const first = points[0]!.parameters;
  const [scales, zeroPoints] = editor.node("QuantizationParameters", [min, max], Object.fromEntries(first.attributes), {
    domain: lowbitDomain,
    outputs: 2,
  }).outputs;
  const each = { axis: 0, num_outputs: points.length };
  const scale = editor.node("Split", [scales], each, { outputs: points.length }).outputs;
  const zeroPoint = editor.node("Split", [zeroPoints], each, { outputs: points.length }).outputs;
  const observed = points.flatMap(({ observer }) => (observer ? [observer] : []));
  points.forEach(({ parameters, updates }, index) => {
    editor.replaceAllUses(parameters.outputs[0]!, scale[index]!);
    editor.replaceAllUses(parameters.outputs[1]!, zeroPoint[index]!);
    for (const update of updates) editor.erase(update);
    editor.erase(parameters);
  });
  if (observed.length > 0) moveTogether(editor.before(null), observed, min, max);
  for (const name of [min.name, max.name]) {
    for (const part of packed.get(name)!) editor.removeInitializer(graph.value(part.name)!);
  }
}

/** Replaces the observers of single activations by their current ranges and one moving average over all of them. */
function moveTogether(editor: GraphEditor, observers: readonly Node[], min: Value, max: Value): void {
  const { op } = editor;
  const rate = op.Constant([], { value_float: observers[0]!.float("averaging_constant", 0.01) });
  const one = editor.initializer(Tensor.of("int64", [1]), "one");
  const current = observers.map((observer) =>
    op.ObserveRange([observer.input], currentRange(observer), { outputs: 2 }).map((end) => op.Reshape([end, one])),
  );
  for (const observer of observers) editor.erase(observer);
  [min, max].forEach((buffer, end) => {
    const seen = op.Concat(
      current.map((ends) => ends[end]!),
      { axis: 0 },
    );
    assign(editor, buffer, op.Add([buffer, op.Mul([op.Sub([seen, buffer]), rate])]));
  });
}

/** The attributes of an observer that gives the current range of what `observer` watches. */
function currentRange(observer: Node): { mode: string; lower?: number; upper?: number } {
  const bounds = (["lower", "upper"] as const).filter((name) => observer.attributes.has(name));
  return { mode: "current", ...Object.fromEntries(bounds.map((name) => [name, observer.float(name, 0)])) };
}
