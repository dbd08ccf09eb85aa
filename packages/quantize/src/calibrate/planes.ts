import { isStatic, Tensor, type GraphEditor, type Value } from "@lowbit/ir";

/** What is seen of a value. */
export interface Sight {
  /** The largest elements, then the largest negated ones: a pair of vectors with one element, or one per channel. */
  readonly ends: Value;
  /** Not a number if any element is not one, which extremes do not show. */
  readonly sum: Value;
}

/** Whether a value is a stack of images [N, C, H, W] that the runtime may keep in a layout of its own. */
export function isPlanes({ shape, dtype, isGraphInput }: Value): boolean {
  return !isGraphInput && dtype === "float" && shape?.length === 4 && typeof shape[1] === "number";
}

/**
 * Extremes per channel and sum of images by ops that ONNX Runtime has in its blocked layout (NCHWc): global pools, and a
 * convolution by -1 in whose result the largest element is the smallest one negated, exactly. Reductions would first bring
 * every activation back into the layout of ONNX, which costs more than looking at it.
 *
 * @param isPart look for the smallest elements at every third row and column only
 */
export function sightOfPlanes(editor: GraphEditor, value: Value, isPart: boolean): Sight {
  const { op } = editor;
  const negated = eachTimes(editor, value, [1, 1], -1, isPart ? 3 : 1);
  const largest = op.Concat([op.GlobalMaxPool([value]), op.GlobalMaxPool([negated])], { axis: 1 });
  const axes = editor.initializer(Tensor.of("int64", [0, 2, 3]), "axes");
  return {
    ends: op.ReduceMax([largest, axes], { keepdims: 0 }),
    sum: op.ReduceSum([op.GlobalAveragePool([value])], { keepdims: 0 }),
  };
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

/** Whether an op gives no negative elements, whatever it reads. */
export function isNeverNegative({ producer }: Value): boolean {
  if (producer?.is("Clip")) return (producer.inputs[1]?.constant?.item() ?? -Infinity) >= 0;
  return producer !== null && (producer.is("Relu") || producer.is("Sigmoid") || producer.is("HardSigmoid"));
}

/**
 * The middle element of each tile, times a factor of 1 or -1: a convolution of every channel with that one weight.
 *
 * @param every leaves out all but every so many rows and columns of tiles
 */
function eachTimes(
  editor: GraphEditor,
  value: Value,
  sides: readonly [number, number],
  factor: number,
  every = 1,
): Value {
  const channels = value.shape![1] as number;
  const size = sides[0] * sides[1];
  const weights = new Float32Array(channels * size);
  for (let channel = 0; channel < channels; channel++) weights[channel * size + (size >> 1)] = factor;
  const weight = editor.initializer(Tensor.fromTyped("float", [channels, 1, ...sides], weights), "middle");
  return editor.op.Conv([value, weight], {
    group: channels,
    kernel_shape: [...sides],
    strides: sides.map((side) => side * every),
  });
}
