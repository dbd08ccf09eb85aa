import { isFloat, type Value } from "@lowbit/ir";
import { allAxes, integersOf } from "../axes.ts";
import { reshapeLike, sumToOperand } from "../broadcast.ts";
import { dtypeOf } from "../constant-pool.ts";
import {
  cotangent,
  noGradient,
  operand,
  unary,
  zeroGradient,
  type GradientContext,
  type GradientTable,
} from "../gradient-rule.ts";
import { castTo } from "../masks.ts";

/** The first operand was only given another shape. */
const reshaping = unary((context, dy, x) => reshapeLike(context, dy, x));

/** The order of axes that undoes `perm`. */
function inverse(perm: readonly number[]): readonly number[] {
  const result = perm.map(() => 0);
  perm.forEach((axis, place) => (result[axis] = place));
  return result;
}

/** Sums the copies: dy is seen as [repeats, dim, repeats, dim, ...], without the repeats of 1 where they are known. */
function sumOfTiles(context: GradientContext, dy: Value, x: Value, repeats: Value): Value {
  const { op, constants } = context;
  const known = integersOf(repeats);
  const unknownDims = x.shape?.filter((dim) => typeof dim !== "number").length ?? Infinity;
  if (!known || unknownDims > 1) return sumOfTilesAtRunTime(context, dy, x, repeats);
  const tiles: number[] = [];
  const axes: number[] = [];
  for (const [axis, dim] of x.shape!.entries()) {
    if (known[axis] !== 1) axes.push(tiles.push(known[axis]!) - 1);
    tiles.push(typeof dim === "number" ? dim : -1);
  }
  if (axes.length === 0) return dy;
  const tiled = op.Reshape([dy, constants.ints(tiles, "tiles")]);
  return op.ReduceSum([tiled, constants.ints(axes, "axes")], { keepdims: 0 });
}

function sumOfTilesAtRunTime({ op, constants }: GradientContext, dy: Value, x: Value, repeats: Value): Value {
  const column = constants.ints([1], "axes");
  const pairs = op.Concat([op.Unsqueeze([repeats, column]), op.Unsqueeze([constants.shapeOf(x), column])], { axis: 1 });
  const tiled = op.Reshape([dy, op.Reshape([pairs, constants.ints([-1], "flat")])]);
  const axes = allAxes(x).map((axis) => 2 * axis);
  return op.ReduceSum([tiled, constants.ints(axes, "axes")], { keepdims: 0 });
}

/** Rules of ops that change the shape or the type and keep the elements. */
export const reshapingGradients = {
  Reshape: reshaping,
  Flatten: reshaping,
  Squeeze: unary((context, dy, x) => {
    const axes = context.node.inputs[1];
    return axes ? context.op.Unsqueeze([dy, axes]) : reshapeLike(context, dy, x);
  }),
  Unsqueeze: unary((context, dy) => context.op.Squeeze([dy, operand(context, 1)])),
  Transpose: unary(({ op, node }, dy) => {
    const perm = node.ints("perm", null);
    return op.Transpose([dy], perm && perm.length > 0 ? { perm: inverse(perm) } : {});
  }),
  Expand: unary((context, dy, x) => sumToOperand(context, dy, x, null)),
  Tile: unary((context, dy, x) => sumOfTiles(context, dy, x, operand(context, 1))),
  DepthToSpace: unary((context, dy, x) => {
    const { op, node, constants, fail } = context;
    const blocksize = node.int("blocksize", 1);
    const blocks = op.SpaceToDepth([dy], { blocksize });
    if (node.string("mode", "DCR") === "DCR") return blocks;
    // SpaceToDepth orders channels as [block, block, channel]; CRD has [channel, block, block].
    const channels = x.shape?.[1];
    if (typeof channels !== "number") return fail("it has mode CRD, and its number of channels is not known");
    const [area, deep] = [blocksize ** 2, channels / blocksize ** 2];
    const order = Array.from({ length: channels }, (_, i) => (i % area) * deep + Math.floor(i / area));
    return op.Gather([blocks, constants.ints(order, "channels")], { axis: 1 });
  }),
  SpaceToDepth: unary(({ op, node }, dy) => op.DepthToSpace([dy], { blocksize: node.int("blocksize", 1) })),
  /** Between floats; the cotangent has the operand's type. */
  Cast: unary((context, dy, x) => castBack(context, dy, x)),
  CastLike: (context) => [castBack(context, cotangent(context), operand(context, 0)), null],
  Shape: zeroGradient,
  Size: zeroGradient,
  BitCast: noGradient("it reads the bits of its operand as another type"),
} satisfies Partial<GradientTable>;

function castBack(context: GradientContext, dy: Value, x: Value): Value {
  if (!isFloat(dtypeOf(x))) context.fail(`it converts integer codes of type ${x.dtype} to numbers without their scale`);
  return castTo(context, dy, dtypeOf(x));
}
