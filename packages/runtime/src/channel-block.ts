import { Graph, GraphEditor, newModel, Tensor, tensorType, type Value } from "@lowbit/ir";
import { Session } from "./session.ts";

/**
 * The domain of ONNX Runtime's ops on blocked layouts (NCHWc), which it puts into inference graphs itself:
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/graph/contrib_ops/nchwc_schema_defs.cc
 */
export const blockedDomain = "com.microsoft.nchwc";

const channels = 64;
const size = 3;

let found: Promise<number> | null = null;

/**
 * How many channels ONNX Runtime keeps side by side in its blocked layout [N, C / block, H, W, block] on this machine: 16
 * with AVX-512, 8 with AVX; 1 where it has no such layout. Found out once per process, by running the ops on numbers whose
 * results are known.
 */
export function channelBlock(): Promise<number> {
  return (found ??= measured().catch(() => 1));
}

/** The block of a machine whose ops reorder and convolve as expected; 1 otherwise. */
async function measured(): Promise<number> {
  const graph = new Graph("channel_block");
  const editor = new GraphEditor(graph);
  const type = tensorType("float", [1, channels, size, size]);
  const onBlocks = (op: string, inputs: readonly Value[], attributes: Record<string, number>): Value =>
    editor.node(op, inputs, attributes, { domain: blockedDomain }).output;
  const blocked = onBlocks("ReorderInput", [editor.input("x", type)], {});
  const ofOne = editor.op.Reshape([blocked, editor.initializer(Tensor.of("int64", [channels, 1, size, size]), "dims")]);
  // Every plane convolved with itself, without padding: one number per channel.
  const squares = onBlocks("Conv", [blocked, ofOne], { group: channels });
  editor.setOutputs([blocked, onBlocks("ReorderOutput", [squares], { channels })]);
  const model = newModel(graph);
  model.opsets.set(blockedDomain, 1);
  const session = await Session.create(model, { optimization: "disabled" });
  try {
    const plane = size * size;
    const numbers = Float32Array.from({ length: channels * plane }, (_, i) => i % 251);
    const results = await session.run({ x: Tensor.fromTyped("float", [1, channels, size, size], numbers) });
    const [reordered, products] = graph.outputs.map((value) => results[value.name]!.floats());
    const block = [16, 8, 4].find((width) => reordered!.every((value, i) => value === numbers[source(i, width)]));
    const isRight = products!.every((product, c) => {
      const own = numbers.subarray(c * plane, (c + 1) * plane);
      return product === own.reduce((sum, value) => sum + value * value, 0);
    });
    return isRight ? (block ?? 1) : 1;
  } finally {
    await session.release();
  }
}

/** Where the element at index i of the blocked layout stands in the plain one. */
function source(i: number, block: number): number {
  const [within, position] = [i % block, Math.floor(i / block) % (size * size)];
  const channel = Math.floor(i / (block * size * size)) * block + within;
  return channel * size * size + position;
}
