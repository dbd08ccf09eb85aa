import {
  Graph,
  GraphEditor,
  invariant,
  sortNodes,
  tensorType,
  type AttributeInput,
  type Node,
  type Value,
} from "@lowbit/ir";
import { ints } from "../legalize/legalization.ts";
import type { TrainStep } from "../step/train-step.ts";
import { chunkOf } from "./chunk-size.ts";
import { followSamples, type SampledPart } from "./follow-samples.ts";
import { sizes, type SampleOutcome } from "./sample-rule.ts";

/**
 * Lets a training step compute losses and gradients of a large batch some samples after the other, in a Scan, where that is the same
 * but for the order of sums: results in between then stay in the processor's caches, and memory does not grow with the batch.
 *
 * A step stays as it is where samples cannot be parted (`followSamples`: BatchNormalization in training, random numbers) or where it
 * does not pay (`chunkOf`). Its graph is changed in place.
 *
 * @param size samples at a time; default: `chunkOf`
 * @returns how many samples are computed at a time; null where the step stays as it is
 */
export function runInChunks(
  step: Pick<TrainStep, "graph" | "data" | "target">,
  samples: number,
  size?: number,
): number | null {
  const { graph } = step;
  const fed = [...step.data, ...(step.target === null ? [] : [step.target])].map((name) => graph.value(name)!);
  const part = followSamples(graph, fed, samples);
  if (part === null || part.outcomes.size === 0) return null;
  const chunk = size ?? chunkOf(part, samples);
  if (chunk === null || chunk >= samples || samples % chunk !== 0) return null;
  moveIntoScan(new GraphEditor(graph), part, samples, chunk);
  const cycle = sortNodes(graph);
  invariant(cycle === null, "chunks: a cycle");
  return chunk;
}

/** What brings together, over the first axis, what is made of each chunk. */
const bringing = { sum: "ReduceSum", max: "ReduceMax", min: "ReduceMin", mean: "ReduceMean" } as const;

function moveIntoScan(editor: GraphEditor, part: SampledPart, samples: number, chunk: number): void {
  const { graph } = editor;
  const body = new Graph("chunk", null, graph);
  const inner = new GraphEditor(body);
  const twins = new Map<Value, Value>();
  const fed = [...part.axes.keys()].filter((value) => value.producer === null);
  for (const value of fed) {
    const dims = [chunk, ...sizes(value).slice(1)];
    twins.set(value, inner.input(graph.names.fresh(`${value.name}.chunk`), tensorType(value.dtype!, dims)));
  }
  const partial: { readonly value: Value; readonly outcome: Exclude<SampleOutcome, { kind: "each" }> }[] = [];
  for (const [node, outcome] of part.outcomes) {
    const twin = copyInto(inner, node, outcome, twins, samples, chunk);
    node.outputs.forEach((value, index) => value && twins.set(value, twin.outputs[index]!));
    if (outcome.kind !== "each") partial.push({ value: node.output, outcome });
  }
  for (const { value } of partial) inner.output(twins.get(value)!);

  const count = samples / chunk;
  const { op } = editor.before([...part.outcomes.keys()].at(-1)!.next);
  const stacked = fed.map((value) =>
    op.Reshape([value, ints(editor, [count, chunk, ...sizes(value).slice(1)], "chunks")]),
  );
  const scan = editor.node(
    "Scan",
    stacked,
    { body, num_scan_inputs: stacked.length },
    { outputs: partial.length, types: partial.map(({ value }) => tensorType(value.dtype!, [count, ...sizes(value)])) },
  );
  const first = ints(editor, [0], "chunk_axis");
  partial.forEach(({ value, outcome }, index) => {
    const together = editor.node(bringing[outcome.kind], [scan.outputs[index], first], { keepdims: 0 }).output;
    editor.replaceAllUses(value, together);
  });
  for (const node of [...part.outcomes.keys()].toReversed()) editor.erase(node);
}

function copyInto(
  inner: GraphEditor,
  node: Node,
  outcome: SampleOutcome,
  twins: ReadonlyMap<Value, Value>,
  samples: number,
  chunk: number,
): Node {
  const types = node.outputs.map((value) => {
    if (value === null || outcome.kind !== "each") return value?.type ?? null;
    const dims = sizes(value).map((dim, axis) => (axis === outcome.axis ? (dim / samples) * chunk : dim));
    return tensorType(value.dtype!, dims);
  });
  const inputs = node.inputs.map((value) => value && (twins.get(value) ?? value));
  if (outcome.kind === "each" && outcome.shapeOperand !== undefined) {
    const shape = types[0]!.kind === "tensor" ? (types[0]!.shape as readonly number[]) : [];
    inputs[outcome.shapeOperand] = ints(inner, shape, "shape");
  }
  const attributes: Record<string, AttributeInput> = Object.fromEntries(node.attributes);
  const perSample = outcome.kind === "each" ? (outcome.perSample ?? {}) : {};
  for (const [name, each] of Object.entries(perSample)) attributes[name] = each * chunk;
  const outputs = node.outputs.map((value) => value && inner.graph.names.fresh(value.name));
  return inner.node(node.op, inputs, attributes, {
    domain: node.domain,
    types,
    outputs,
    ...(node.origin ? { origin: node.origin } : {}),
  });
}
