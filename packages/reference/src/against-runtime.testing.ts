import {
  Graph,
  GraphEditor,
  newModel,
  Tensor,
  tensorType,
  type AttributeInput,
  type DType,
  type Value,
} from "@lowbit/ir";
import { Session } from "@lowbit/runtime";
import { sizeOf } from "./arrays/indices.ts";
import { evaluate } from "./evaluate.ts";
import { armArithmetic, floatArithmetic } from "./integer-arithmetic/integer-arithmetic.ts";
import { randomSource } from "./random-source.ts";

/** One node to run on ONNX Runtime and on the interpreter. */
export interface NodeCase {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  /** The opset of the ONNX domain, when the op is newer than the canonical one. */
  readonly opset?: number;
  /** Number of outputs; default 1. */
  readonly outputs?: number;
}

/** What both made of a node: ONNX Runtime without graph optimizations, and the interpreter. */
export interface Compared {
  readonly expected: readonly Tensor[];
  readonly actual: readonly Tensor[];
}

/** What ONNX Runtime's kernels compute on the machine at hand. */
const arithmetic = process.arch === "arm64" ? armArithmetic : floatArithmetic;

/** Runs a node on both; operands of `constants` indices are initializers, as some kernels of ONNX Runtime demand. */
export async function compareNode(each: NodeCase, constants: readonly number[] = []): Promise<Compared> {
  const graph = new Graph("g");
  const editor = new GraphEditor(graph);
  const feeds: Record<string, Tensor> = {};
  const operands = each.inputs.map((tensor, index): Value | null => {
    if (!tensor) return null;
    if (constants.includes(index)) return editor.initializer(tensor, `c${index}`);
    feeds[`x${index}`] = tensor;
    return editor.input(`x${index}`, tensorType(tensor.dtype, tensor.dims));
  });
  const node = editor.node(each.op, operands, each.attributes, {
    ...(each.domain === undefined ? {} : { domain: each.domain }),
    outputs: each.outputs ?? 1,
  });
  for (const output of node.outputs) editor.output(output!);
  const actual = evaluate(graph, new Map(Object.entries(feeds)), { arithmetic });
  const model = newModel(graph);
  if (each.domain !== undefined) model.opsets.set(each.domain, 1);
  if (each.opset !== undefined) model.opsets.set("", each.opset);
  const session = await Session.create(model, { optimization: "disabled", threads: 1 });
  const expected = await session.run(feeds);
  await session.release();
  const names = graph.outputs.map((value) => value.name);
  return { expected: names.map((name) => expected[name]!), actual: names.map((name) => actual.get(name)!) };
}

/** Makes reproducible tensors. */
export interface Sampler {
  /** Floats in [low, high), by default [-1, 1). */
  readonly floats: (dims: readonly number[], low?: number, high?: number) => Tensor;
  /** Integers in [low, high]. */
  readonly integers: (dtype: DType, dims: readonly number[], low: number, high: number) => Tensor;
}

/** A sampler that always draws the same tensors in the same order. */
export function sampler(seed: number): Sampler {
  const random = randomSource(seed);
  const draw = (dims: readonly number[], next: () => number): number[] => Array.from({ length: sizeOf(dims) }, next);
  return {
    floats: (dims, low = -1, high = 1) =>
      Tensor.of(
        "float",
        draw(dims, () => low + (high - low) * random.next()),
        dims,
      ),
    integers: (dtype, dims, low, high) =>
      Tensor.of(
        dtype,
        draw(dims, () => low + Math.floor((high - low + 1) * random.next())),
        dims,
      ),
  };
}
