import { shapeText, tensorType, type Shape } from "../types.ts";
import { axisIndex, checkSameDim } from "./axes.ts";
import { dtypeAttribute } from "./infer-generate.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** QuantizeLinear: codes of the zero point's dtype, else `output_dtype`, else uint8. */
export function inferQuantizeLinear(context: InferContext): Inferred {
  const declared = dtypeAttribute(context.node, "output_dtype");
  const dtype = context.dtype(2) ?? declared ?? (context.has(2) ? null : "uint8");
  if (declared !== null && dtype !== declared) {
    context.fail(`output_dtype ${declared} must equal the zero point's element type ${dtype}`);
  }
  checkScale(context, 1, 2);
  return { types: [dtype && tensorType(dtype, context.shape(0))] };
}

/** DequantizeLinear: the scale's dtype. */
export function inferDequantizeLinear(context: InferContext): Inferred {
  const code = context.dtype(0);
  const zeroPoint = context.dtype(2);
  if (code !== null && zeroPoint !== null && code !== zeroPoint) {
    context.fail(`the zero point must have the operand's element type ${code}, but has ${zeroPoint}`);
  }
  checkScale(context, 1, 2);
  const dtype = context.dtype(1);
  return { types: [dtype && tensorType(dtype, context.shape(0))] };
}

/**
 * Checks a scale against the operand it applies to, and the zero point against the scale: one element (rank 0 or 1),
 * one per index of `axis`, or, with `block_size`, one per block along `axis`.
 */
export function checkScale(context: InferContext, scaleAt: number, zeroPointAt: number | null): void {
  const x = context.shape(0);
  const scale = context.shape(scaleAt);
  const zeroPoint = zeroPointAt === null ? null : context.shape(zeroPointAt);
  if (scale && zeroPoint && !isSingle(scale) && !isSingle(zeroPoint) && !sameDims(scale, zeroPoint)) {
    context.fail(`scale ${shapeText(scale)} and zero point ${shapeText(zeroPoint)} must have one shape`);
  }
  if (!x || !scale || isSingle(scale)) return;
  const block = context.node.int("block_size", 0);
  if (block < 0) context.fail(`block_size ${block} is negative`);
  const axis = axisIndex(context, context.node.int("axis", 1), x.length);
  if (block > 0) return checkBlocks(context, x, scale, axis, block);
  if (scale.length !== 1) context.fail(`scale ${shapeText(scale)} needs block_size, or must have rank 1`);
  checkSameDim(context, scale[0]!, x[axis]!, "scale length", `size of axis ${axis}`);
}

function checkBlocks(context: InferContext, x: Shape, scale: Shape, axis: number, block: number): void {
  const fits =
    scale.length === x.length &&
    scale.every((dim, i) => {
      const size = x[i]!;
      return !differ(dim, i === axis && typeof size === "number" ? Math.ceil(size / block) : i === axis ? null : size);
    });
  if (!fits)
    context.fail(`scale ${shapeText(scale)} does not give ${shapeText(x)} one entry per ${block} along axis ${axis}`);
}

/** One scale for the whole tensor: rank 0, or rank 1 with one element. */
export function isSingle(shape: Shape): boolean {
  return shape.length === 0 || (shape.length === 1 && shape[0] === 1);
}

function sameDims(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => !differ(dim, b[i]!));
}

function differ(a: Shape[number], b: Shape[number]): boolean {
  return typeof a === "number" && typeof b === "number" && a !== b;
}

/** DynamicQuantizeLinear: uint8 codes, and the scale and zero point they have. */
export function inferDynamicQuantizeLinear(context: InferContext): Inferred {
  return { types: [tensorType("uint8", context.shape(0)), tensorType("float", []), tensorType("uint8", [])] };
}
