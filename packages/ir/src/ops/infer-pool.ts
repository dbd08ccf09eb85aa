import { tensorType, type Shape } from "../types.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { windowOf, windowOutput } from "./infer-window.ts";

/** A window over [N, C, ...]: MaxPool (with the indices when asked for), AveragePool, LpPool. */
export function inferPool(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  if (dtype === null) return { types: [null, null] };
  const shape = poolShape(context);
  return { types: [tensorType(dtype, shape), tensorType("int64", shape)] };
}

/** The result shape of a pool over the first operand. */
export function poolShape(context: InferContext): Shape | null {
  const x = context.shape(0);
  const kernel = context.node.ints("kernel_shape", null);
  if (kernel === null) return context.fail("the attribute kernel_shape is missing");
  if (x === null) return null;
  checkSpatial(context, x);
  const spatial = x.slice(2);
  return [x[0]!, x[1]!, ...windowOutput(context, spatial, windowOf(context, spatial.length, kernel))];
}

/** One element per channel: all spatial axes become 1. */
export function inferGlobalPool(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  if (dtype === null) return { types: [null] };
  const x = context.shape(0);
  if (x) checkSpatial(context, x);
  return { types: [tensorType(dtype, x && x.map((dim, axis) => (axis < 2 ? dim : 1)))] };
}

/** MaxUnpool: the inverse window, unless `output_shape` says otherwise. */
export function inferMaxUnpool(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const x = context.shape(0);
  if (dtype === null || x === null) return { types: [dtype && tensorType(dtype, null)] };
  checkSpatial(context, x);
  if (context.has(2)) return { types: [tensorType(dtype, context.elements(2) ?? x.map(() => null))] };
  const spatial = x.slice(2);
  const kernel = context.node.ints("kernel_shape", null) ?? context.fail("the attribute kernel_shape is missing");
  const window = windowOf(context, spatial.length, kernel);
  const sizes = spatial.map((size, axis) =>
    typeof size === "number"
      ? (size - 1) * window.strides[axis]! + kernel[axis]! - window.padsBegin[axis]! - window.padsEnd[axis]!
      : null,
  );
  return { types: [tensorType(dtype, [x[0]!, x[1]!, ...sizes])] };
}

/** MaxRoiPool and RoiAlign: one result per region of interest. */
export function inferRoiPool(
  height: (context: InferContext) => readonly number[],
): (context: InferContext) => Inferred {
  return (context) => {
    const dtype = context.dtype(0);
    if (dtype === null) return { types: [null] };
    const regions = context.shape(1)?.[0] ?? null;
    const channels = context.shape(0)?.[1] ?? null;
    return { types: [tensorType(dtype, [regions, channels, ...height(context)])] };
  };
}

function checkSpatial(context: InferContext, x: Shape): void {
  if (x.length < 2) context.fail(`input of rank ${x.length} has no batch and channel axes`);
}
