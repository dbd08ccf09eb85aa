import { isStatic, Tensor, type Graph, type GraphEditor, type Value } from "@lowbit/ir";

/**
 * The values that ONNX Runtime is expected to keep in blocks of channels: what convolutions give, and what some ops make of
 * nothing but such values. A wrong guess costs time only.
 */
export function valuesInBlocks(graph: Graph): ReadonlySet<Value> {
  const found = new Set<Value>();
  for (const node of graph.nodes) {
    const [result] = node.outputs;
    const data = node.inputs.filter((value) => value && !value.initializer) as readonly Value[];
    const isMade =
      node.is("Conv") || (opsOnBlocks.some((op) => node.is(op)) && data.every((value) => found.has(value)));
    if (result && isMade && isPlanes(result)) found.add(result);
  }
  return found;
}

const opsOnBlocks = [
  ...["Relu", "Sigmoid", "Tanh", "Add", "Sum", "Mul", "Concat", "BatchNormalization"],
  ...["MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"],
];

/** Whether a value is a stack of images [N, C, H, W] that the runtime may keep in a layout of its own. */
export function isPlanes({ shape, dtype, isGraphInput }: Value): boolean {
  return !isGraphInput && dtype === "float" && shape?.length === 4 && typeof shape[1] === "number";
}

/**
 * The largest negated element of each image, [N, C, 1, 1], by ops that ONNX Runtime has in its blocked layout (NCHWc): a
 * convolution by -1, which is exact, and a global pool. A reduction would first bring every activation back into the layout
 * of ONNX, which costs more than looking at it.
 *
 * @param isPart look at few elements of each image only
 */
export function largestNegated(editor: GraphEditor, value: Value, isPart: boolean): Value {
  const [, , height, width] = value.shape!;
  const isOne = isPart && typeof height === "number" && typeof width === "number";
  // One element needs no pool: the result has the size of its result.
  if (isOne) return eachTimes(editor, value, [1, 1], -1, [height, width]);
  const negated = eachTimes(editor, value, [1, 1], -1, isPart ? [7, 7] : [1, 1]);
  return editor.op.GlobalMaxPool([negated]);
}

/**
 * One element in the middle of every tile of each image, `wanted` per sample at least, in tiles of odd sides: so the
 * elements fall on odd and even rows and columns alike. Null where tiles would hold one element only, or a size is not
 * known.
 */
export function thinnedPlanes(editor: GraphEditor, value: Value, wanted: number): Value | null {
  const dims = value.shape!.slice(1);
  if (!isStatic(dims)) return null;
  const [channels, height, width] = dims as readonly number[];
  const sides = tileSides([channels!, height!, width!], wanted);
  return sides === null ? null : eachTimes(editor, value, sides, 1);
}

/** The sides of the largest tiles that leave enough elements; of equal ones the nearest to a square. */
function tileSides(
  [channels, height, width]: readonly [number, number, number],
  wanted: number,
): readonly [number, number] | null {
  let best: readonly [number, number] = [1, 1];
  const isBetter = ([a, b]: readonly [number, number]): boolean =>
    a * b > best[0] * best[1] || (a * b === best[0] * best[1] && a + b < best[0] + best[1]);
  for (let a = 1; a <= height; a += 2) {
    for (let b = 1; b <= width; b += 2) {
      if (channels * Math.floor(height / a) * Math.floor(width / b) < wanted) break;
      if (isBetter([a, b])) best = [a, b];
    }
  }
  return best[0] * best[1] === 1 ? null : best;
}

/** Whether a value has no negative elements, whatever the model reads. */
export function isNeverNegative({ producer }: Value): boolean {
  if (producer === null) return false;
  if (producer.is("Clip")) return (producer.inputs[1]?.constant?.item() ?? -Infinity) >= 0;
  if (producer.is("Relu") || producer.is("Sigmoid") || producer.is("HardSigmoid")) return true;
  const [first, , constant] = producer.inputs;
  // A part of a value that is never negative, and zeros around it.
  const isPart = producer.is("Slice") || (producer.is("Pad") && !constant);
  return isPart && !!first && isNeverNegative(first);
}

/**
 * The middle element of each tile, times a factor of 1 or -1: a convolution of every channel with that one weight.
 *
 * @param every leaves out all but every so many rows and columns of tiles, from the first on
 */
function eachTimes(
  editor: GraphEditor,
  value: Value,
  sides: readonly [number, number],
  factor: number,
  every: readonly [number, number] = [1, 1],
): Value {
  const channels = value.shape![1] as number;
  const size = sides[0] * sides[1];
  const weights = new Float32Array(channels * size);
  for (let channel = 0; channel < channels; channel++) weights[channel * size + (size >> 1)] = factor;
  const weight = editor.initializer(Tensor.fromTyped("float", [channels, 1, ...sides], weights), "middle");
  return editor.op.Conv([value, weight], {
    group: channels,
    kernel_shape: [...sides],
    strides: [sides[0] * every[0], sides[1] * every[1]],
  });
}
