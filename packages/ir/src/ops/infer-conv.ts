import { isFloat, tensorType, type Dim, type DType, type Shape } from "../types.ts";
import { checkSameDim } from "./axes.ts";
import { multiplyDims } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { commonDType } from "./infer-elementwise.ts";
import { transposedWindowOutput, windowOf, windowOutput } from "./infer-window.ts";

/** Conv. X: [N, C, ...], W: [M, C/group, ...kernel], B: [M]; the result is [N, M, ...]. */
export function inferConv(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1, 2]);
  return { types: [dtype && tensorType(dtype, convShape(context, 0, 1, 2))] };
}

/** The result shape of a convolution whose operands are at the given places; `bias` null when the op has none. */
export function convShape(context: InferContext, data: number, weight: number, bias: number | null): Shape | null {
  const x = context.shape(data);
  const w = context.shape(weight);
  if (x === null || w === null) return null;
  checkConvRanks(context, x, w);
  const group = groupOf(context);
  const needed = multiplyDims(w[1]!, group);
  if (typeof needed === "number" && typeof x[1] === "number" && x[1] !== needed) {
    context.fail(`input channels ${x[1]} must equal weight channels ${w[1]} × group ${group}`);
  }
  const channels = w[0]!;
  checkDividesChannels(context, channels, group);
  checkBias(context, bias, channels);
  const spatial = x.slice(2);
  return [x[0]!, channels, ...windowOutput(context, spatial, windowOf(context, spatial.length, kernelOf(context, w)))];
}

/** ConvTranspose. X: [N, C, ...], W: [C, M/group, ...kernel], B: [M]; the result is [N, M, ...]. */
export function inferConvTranspose(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1, 2]);
  return { types: [dtype && tensorType(dtype, convTransposeShape(context, 2))] };
}

/** The result shape of a transposed convolution; `bias` is the operand's place, null when there is none. */
export function convTransposeShape(context: InferContext, bias: number | null): Shape | null {
  const x = context.shape(0);
  const w = context.shape(1);
  if (x === null || w === null) return null;
  checkConvRanks(context, x, w);
  checkSameDim(context, x[1]!, w[0]!, "input channels", "weight channels");
  const group = groupOf(context);
  checkDividesChannels(context, x[1]!, group);
  const channels = multiplyDims(w[1]!, group);
  checkBias(context, bias, channels);
  const spatial = x.slice(2);
  const window = windowOf(context, spatial.length, kernelOf(context, w));
  return [x[0]!, channels, ...transposedWindowOutput(context, spatial, window)];
}

/** QLinearConv and its like: as Conv, with data, weight and bias at the given places. */
export function inferIntegerConv(
  places: { readonly data: number; readonly weight: number; readonly bias: number | null },
  result: (context: InferContext) => DType | null,
): (context: InferContext) => Inferred {
  return (context) => {
    const dtype = result(context);
    for (const index of [places.data, places.weight]) {
      const operand = context.dtype(index);
      if (operand !== null && isFloat(operand) && !operand.startsWith("float8")) {
        context.fail(`operand ${index} must hold integers, but has ${operand}`);
      }
    }
    const shape = convShape(context, places.data, places.weight, places.bias);
    return { types: [dtype && tensorType(dtype, shape)] };
  };
}

/** DeformConv: as Conv; offsets and mask only move where elements are read. */
export function inferDeformConv(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1, 2, 3, 4]);
  return { types: [dtype && tensorType(dtype, convShape(context, 0, 1, 3))] };
}

function kernelOf(context: InferContext, weight: Shape): readonly Dim[] {
  const own = weight.slice(2);
  const declared = context.node.ints("kernel_shape", null);
  if (declared === null || declared.length === 0) return own;
  const differs =
    declared.length !== own.length || own.some((dim, i) => typeof dim === "number" && dim !== declared[i]);
  if (differs) context.fail(`kernel_shape [${declared.join(",")}] must equal the weight's kernel [${own.join(",")}]`);
  return declared;
}

function groupOf(context: InferContext): number {
  const group = context.node.int("group", 1);
  if (group < 1) context.fail(`group ${group} is less than 1`);
  return group;
}

function checkConvRanks(context: InferContext, x: Shape, w: Shape): void {
  if (x.length < 3) context.fail(`input of rank ${x.length} has no spatial axes`);
  if (x.length !== w.length) context.fail(`input rank ${x.length} must equal weight rank ${w.length}`);
}

function checkDividesChannels(context: InferContext, channels: Dim, group: number): void {
  if (typeof channels === "number" && channels % group !== 0) {
    context.fail(`channels ${channels} must be a multiple of group ${group}`);
  }
}

function checkBias(context: InferContext, bias: number | null, channels: Dim): void {
  const shape = bias === null ? null : context.shape(bias);
  if (shape === null) return;
  if (shape.length !== 1) context.fail(`bias must have rank 1, but has ${shape.length}`);
  checkSameDim(context, shape[0]!, channels, "bias length", "output channels");
}
