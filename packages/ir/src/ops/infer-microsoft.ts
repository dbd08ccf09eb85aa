import { shapeText, tensorType, type Shape } from "../types.ts";
import { axisIndices, checkSameDim } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { broadcastShapes, checkBroadcastsTo, commonDType } from "./infer-elementwise.ts";
import { gemmShape, matMulShape } from "./infer-matmul.ts";
import { poolShape } from "./infer-pool.ts";
import { concatShape } from "./infer-tile.ts";
import { withoutAxes } from "./infer-reduce.ts";

/** FusedMatMul: numpy's `matmul` after the transpositions that the attributes ask for. */
export function inferFusedMatMul(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1]);
  const a = matrixOf(context, 0, "transA", "transBatchA");
  const b = matrixOf(context, 1, "transB", "transBatchB");
  return { types: [dtype && tensorType(dtype, matMulShape(context, a, b))] };
}

/** `transBatch` moves the first axis to just before the last, then `trans` swaps the last two. */
function matrixOf(context: InferContext, index: number, trans: string, transBatch: string): Shape | null {
  const shape = context.shape(index);
  if (shape === null || shape.length < 2) return shape;
  const moved = context.node.int(transBatch, 0) === 0 ? shape : [...shape.slice(1, -1), shape[0]!, shape.at(-1)!];
  if (context.node.int(trans, 0) === 0) return moved;
  return [...moved.slice(0, -2), moved.at(-1)!, moved.at(-2)!];
}

/** QGemm: codes when the result has a zero point, else floats. */
export function inferQGemm(context: InferContext): Inferred {
  const shape = gemmShape(context, context.shape(0), context.shape(3));
  checkBroadcastsTo(context, shape, 6, "C");
  const dtype = context.has(8) ? context.dtype(8) : "float";
  return { types: [dtype && tensorType(dtype, shape)] };
}

/** QLinearAdd, QLinearMul and QLinearWhere: the broadcast of the operands at these places. */
export function inferQLinearBroadcast(places: readonly number[], data: number): (context: InferContext) => Inferred {
  return (context) => {
    const dtype = context.dtype(data);
    const shapes = places.map((index) => context.shape(index));
    return {
      types: [
        dtype &&
          tensorType(
            dtype,
            broadcastShapes(shapes, (message) => context.fail(message)),
          ),
      ],
    };
  };
}

/** QLinearConcat: after the result's scale and zero point come triples of tensor, scale and zero point. */
export function inferQLinearConcat(context: InferContext): Inferred {
  const count = (context.inputCount - 2) / 3;
  if (!Number.isInteger(count)) context.fail(`${context.inputCount - 2} operands are not triples`);
  const shapes = Array.from({ length: count }, (_, i) => context.shape(2 + 3 * i));
  const dtype = context.dtype(1);
  return { types: [dtype && tensorType(dtype, concatShape(context, shapes, context.node.int("axis", 0)))] };
}

/** QLinearAveragePool over [N, C, ...], or [N, ..., C] with `channels_last`. */
export function inferQLinearAveragePool(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  if (context.node.int("channels_last", 0) === 0) return { types: [tensorType(dtype, poolShape(context))] };
  const channelsFirst = [shape[0]!, shape.at(-1)!, ...shape.slice(1, -1)];
  const pooled = poolShape({ ...context, shape: (index) => (index === 0 ? channelsFirst : context.shape(index)) });
  return { types: [tensorType(dtype, pooled && [pooled[0]!, ...pooled.slice(2), pooled[1]!])] };
}

/** QLinearGlobalAveragePool: all axes but batch and channels become 1. */
export function inferQLinearGlobalAveragePool(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const channels = shape && (context.node.int("channels_last", 0) === 0 ? 1 : shape.length - 1);
  const pooled = shape && shape.map((dim, axis) => (axis === 0 || axis === channels ? dim : 1));
  return { types: [dtype && tensorType(dtype, pooled)] };
}

/** QLinearReduceMean: the axes of the attribute become 1, or go. */
export function inferQLinearReduceMean(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  const axes = context.node.ints("axes", null) ?? shape.map((_, axis) => axis);
  const indices = axisIndices(context, axes, shape.length);
  return { types: [tensorType(dtype, withoutAxes(shape, indices, context.node.int("keepdims", 1) !== 0))] };
}

/** MatMulNBits: A of [..., K] times a packed [K, N] gives [..., N]. */
export function inferMatMulNBits(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const [k, n] = [context.node.int("K", 0), context.node.int("N", 0)];
  if (shape?.length === 0) context.fail(`A ${shapeText(shape)} must not be a scalar`);
  checkSameDim(context, shape?.at(-1) ?? null, k, "columns of A", "K");
  return { types: [dtype && tensorType(dtype, shape && [...shape.slice(0, -1), n])] };
}
