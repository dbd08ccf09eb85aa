import { shapeText, tensorType, dtypes, type DType, type Shape } from "../types.ts";
import { axisIndex, checkSameDim } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { convShape, convTransposeShape } from "./infer-conv.ts";
import { commonDType } from "./infer-elementwise.ts";
import { gemmShape } from "./infer-matmul.ts";
import { checkScale, isSingle } from "./infer-quantization.ts";

/** FakeQuantize(X, scale, zero_point): X's type. */
export function inferFakeQuantize(context: InferContext): Inferred {
  checkScaleAt(context, 0, 1);
  return { types: [context.type(0)] };
}

/** FakeQuantizeGrad(dY, X, scale, zero_point): X's type, the scale's type, and floats of the scale's shape. */
export function inferFakeQuantizeGrad(context: InferContext): Inferred {
  return { types: [context.type(1), context.type(2), tensorType("float", context.shape(2))] };
}

/** BatchNormalizationGrad(dY, X, scale): X's type, and the scale's twice. */
export function inferBatchNormalizationGrad(context: InferContext): Inferred {
  return { types: [context.type(1), context.type(2), context.type(2)] };
}

function checkScaleAt(context: InferContext, data: number, scale: number): void {
  const x = context.shape(data);
  const given = context.shape(scale);
  const hasAxis = context.node.attributes.has("axis");
  if (!hasAxis && given && !isSingle(given)) context.fail(`scale ${shapeText(given)} needs the attribute axis`);
  if (x && hasAxis) axisIndex(context, context.node.int("axis", 0), x.length);
  checkScale(context, scale, scale + 1);
}

/** ObserveRange(X, min?, max?): two floats, or two per index of `axis`. */
export function inferObserveRange(context: InferContext): Inferred {
  const x = context.shape(0);
  const hasAxis = context.node.attributes.has("axis");
  let shape: Shape = [];
  if (hasAxis) shape = x ? [x[axisIndex(context, context.node.int("axis", 0), x.length)]!] : [null];
  const type = tensorType("float", shape);
  return { types: [type, type] };
}

/** QuantizationParameters(min, max): a float scale and a zero point of the attribute's dtype, of min's shape. */
export function inferQuantizationParameters(context: InferContext): Inferred {
  const dtype = namedDType(context, context.node.string("dtype", ""));
  const shape = context.shape(0);
  return { types: [tensorType("float", shape), tensorType(dtype, shape)] };
}

function namedDType(context: InferContext, name: string): DType {
  return dtypes.find((dtype) => dtype === name) ?? context.fail(`the attribute dtype "${name}" is no element type`);
}

/** Assign(buffer, value): the value's type, which must be the buffer's. */
export function inferAssign(context: InferContext): Inferred {
  commonDType(context, [0, 1]);
  const [old, value] = [context.shape(0), context.shape(1)];
  if (old && value) {
    const fits = old.length === value.length;
    if (!fits) context.fail(`value ${shapeText(value)} must have the buffer's shape ${shapeText(old)}`);
    for (const [axis, dim] of old.entries()) {
      checkSameDim(context, dim, value[axis]!, `axis ${axis} of the buffer`, "the same of the value");
    }
  }
  return { types: [context.type(0) ?? context.type(1)] };
}

/** ConvBatchNormalization(X, W, B?, gamma, beta, mean, variance, log_ratio?): the type of the `op` it is made of. */
export function inferConvBatchNormalization(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1, 2]);
  const op = context.node.string("op", "Conv");
  const shape = shapeOfComposite(context, op);
  return { types: [dtype && tensorType(dtype, shape)] };
}

function shapeOfComposite(context: InferContext, op: string): Shape | null {
  if (op === "Conv") return convShape(context, 0, 1, 2);
  if (op === "ConvTranspose") return convTransposeShape(context, 2);
  if (op === "Gemm") return gemmShape(context, context.shape(0), context.shape(1));
  return context.fail(`the attribute op "${op}" is none of Conv, ConvTranspose, Gemm`);
}

/** The type of one operand: gradients have the type of what they are the gradient of. */
export function typeOf(index: number): (context: InferContext) => Inferred {
  return (context) => ({ types: [context.type(index)] });
}
