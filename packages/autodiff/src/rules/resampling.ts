import { isStatic, Tensor, type Value } from "@lowbit/ir";
import { allAxes, axisOf } from "../axes.ts";
import { dtypeOf, rankOf } from "../constant-pool.ts";
import {
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";

/** One axis that a Resize touches, and its place in the operands `roi`, `scales` and `sizes`. */
interface ResizedAxis {
  readonly axis: number;
  readonly place: number;
  readonly places: number;
}

/** Resize is linear, axis by axis: dx is dy times the interpolation matrix of each axis that changes its size. */
const resize: GradientRule = (context) => {
  const { node, needs, fail } = context;
  const [dy, x] = [cotangent(context), operand(context, 0)];
  if (needs[1] || needs[2]) return fail("its region and scales cannot be trained");
  if (node.string("keep_aspect_ratio_policy", "stretch") !== "stretch") {
    return fail("its scales follow from keep_aspect_ratio_policy; give them as the operand scales");
  }
  const list = node.ints("axes", null);
  const axes = list === null || list.length === 0 ? allAxes(x) : list.map((axis) => axisOf(axis, x));
  const touched = axes
    .map((axis, place): ResizedAxis => ({ axis, place, places: axes.length }))
    .filter((resized) => !isUnchanged(context, x, resized));
  const blocks = blockSizes(context, x, touched);
  if (blocks) return [sumOfBlocks(context, dy, blocks)];
  return [touched.reduce((grad, resized) => multiply(context, grad, matrixOf(context, x, resized), resized.axis), dy)];
};

/** Whether an axis is known to keep its size and its elements. */
function isUnchanged({ node }: GradientContext, x: Value, { axis, place }: ResizedAxis): boolean {
  if (node.string("coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize") return false;
  if (node.inputs[2]) return node.inputs[2].constant?.numbers()[place] === 1;
  const [before, after] = [x.shape?.[axis] ?? null, node.output.shape?.[axis] ?? null];
  return before !== null && before === after;
}

/** By how much each spatial axis of [N, C, ...] repeats its elements; null when the node does more than that. */
function blockSizes({ node }: GradientContext, x: Value, touched: readonly ResizedAxis[]): readonly number[] | null {
  const coordinates = node.string("coordinate_transformation_mode", "half_pixel");
  const rounding = node.string("nearest_mode", "round_prefer_floor");
  const repeats =
    coordinates === "asymmetric"
      ? rounding === "floor"
      : coordinates.includes("half_pixel") && rounding.startsWith("round");
  const rank = rankOf(x);
  if (node.string("mode", "nearest") !== "nearest" || !repeats || rank < 3 || rank > 5) return null;
  const blocks = Array.from({ length: rank - 2 }, () => 1);
  for (const { axis, place } of touched) {
    const sizes = [node.output.shape?.[axis] ?? null, x.shape?.[axis] ?? null];
    const scale = node.inputs[2] ? node.inputs[2].constant?.numbers()[place] : isStatic(sizes) && sizes[0]! / sizes[1]!;
    if (axis < 2 || typeof scale !== "number" || !Number.isInteger(scale)) return null;
    blocks[axis - 2] = scale;
  }
  return blocks;
}

/** The sum over blocks of elements that are copies of one. */
function sumOfBlocks({ op, constants }: GradientContext, dy: Value, blocks: readonly number[]): Value {
  const area = blocks.reduce((product, size) => product * size, 1);
  if (area === 1) return dy;
  return op.Mul([op.AveragePool([dy], { kernel_shape: blocks, strides: blocks }), constants.scalar(area, dy)]);
}

/** [in, out]: how much each element counts in each result, which is what the node makes of the unit vectors. */
function matrixOf(context: GradientContext, x: Value, resized: ResizedAxis): Value {
  const { op, node, constants } = context;
  const [roi, scales] = [node.inputs[1] ?? null, node.inputs[2] ?? null];
  const after = constants.dimOf(node.output, resized.axis);
  const sizes = scales ? null : concatOf(context, [constants.dimOf(x, resized.axis), after]);
  return op.Resize(
    [
      unitVectors(context, x, resized.axis),
      roi && roiOf(context, roi, resized),
      scales && scalesOf(context, scales, resized),
      sizes,
    ],
    {
      antialias: node.int("antialias", 0) || undefined,
      coordinate_transformation_mode: node.string("coordinate_transformation_mode", "half_pixel"),
      cubic_coeff_a: node.float("cubic_coeff_a", -0.75),
      exclude_outside: node.int("exclude_outside", 0) || undefined,
      mode: node.string("mode", "nearest"),
      nearest_mode: node.string("nearest_mode", "round_prefer_floor"),
    },
  );
}

function unitVectors({ op, constants }: GradientContext, x: Value, axis: number): Value {
  const [size, dtype] = [x.shape?.[axis], dtypeOf(x)];
  if (typeof size === "number") {
    const values = new Float64Array(size * size);
    for (let i = 0; i < size; i++) values[i * size + i] = 1;
    return constants.tensor(Tensor.of(dtype, values, [size, size]), "unit_vectors");
  }
  const dim = constants.dimOf(x, axis);
  return op.EyeLike([op.ConstantOfShape([op.Concat([dim, dim], { axis: 0 })], { value: Tensor.of(dtype, [0]) })]);
}

/** [1, scale of the axis]: the unit vectors are not resized along their own axis. */
function scalesOf(context: GradientContext, scales: Value, { place }: ResizedAxis): Value {
  const { constants } = context;
  const known = scales.constant?.numbers()[place];
  if (known !== undefined) return constants.tensor(Tensor.of("float", [1, known]), "scales");
  return concatOf(context, [constants.tensor(Tensor.of("float", [1]), "ones"), entry(context, scales, place)]);
}

/** [0, start, 1, end] of the axis. */
function roiOf(context: GradientContext, roi: Value, { place, places }: ResizedAxis): Value {
  const bound = (value: number) => context.constants.tensor(Tensor.of(dtypeOf(roi), [value]), "bound");
  return concatOf(context, [bound(0), entry(context, roi, place), bound(1), entry(context, roi, place + places)]);
}

function entry({ op, constants }: GradientContext, list: Value, place: number): Value {
  return op.Slice([list, constants.ints([place], "starts"), constants.ints([place + 1], "ends")]);
}

function concatOf({ op, constants }: GradientContext, parts: readonly Value[]): Value {
  const known = parts.map((part) => part.constant);
  const tensors = known.filter((tensor) => tensor !== null);
  if (tensors.length < parts.length) return op.Concat(parts, { axis: 0 });
  const values = tensors.flatMap((tensor) => [...tensor.numbers()]);
  return constants.tensor(Tensor.of(tensors[0]!.dtype, values), "list");
}

/** Sums over one axis of dy weighed by the rows of a matrix [in, out]. */
function multiply({ op }: GradientContext, dy: Value, matrix: Value, axis: number): Value {
  const rank = rankOf(dy);
  if (axis === rank - 2) return op.MatMul([matrix, dy]);
  const transposed = op.Transpose([matrix]);
  if (axis === rank - 1) return op.MatMul([dy, transposed]);
  const perm = allAxes(dy).map((place) => (place === axis ? rank - 1 : place === rank - 1 ? axis : place));
  return op.Transpose([op.MatMul([op.Transpose([dy], { perm }), transposed])], { perm });
}

/** Rules of ops that resample images. */
export const resamplingGradients = {
  Resize: resize,
  GridSample: noGradient("ONNX has no op for its gradient"),
  AffineGrid: noGradient("the grids it makes are read by GridSample, which has none"),
  Col2Im: noGradient("ONNX has no op that cuts an image into columns"),
} satisfies Partial<GradientTable>;
