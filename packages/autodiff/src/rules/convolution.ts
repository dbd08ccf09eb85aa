import type { Value } from "@lowbit/ir";
import { rankOf } from "../constant-pool.ts";
import {
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { convWindow, type ConvWindow } from "../window.ts";

/** The sum of a tensor [N, C, ...] over all axes but the channels. */
export function sumPerChannel({ op, constants }: GradientContext, value: Value): Value {
  const axes = Array.from({ length: rankOf(value) }, (_, axis) => axis).filter((axis) => axis !== 1);
  return op.ReduceSum([value, constants.ints(axes, "axes")], { keepdims: 0 });
}

/** Y = Conv(X, W) + B. */
const conv: GradientRule = (context) => {
  const { op, node, needs } = context;
  const [dy, x, w] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const window = convWindow(node);
  return [
    needs[0] ? op.ConvGradInput([dy, w, x], window) : null,
    needs[1] ? op.ConvGradWeight([dy, x, w], window) : null,
    needs[2] ? sumPerChannel(context, dy) : null,
  ];
};

/** ConvTranspose is Conv's gradient by its input, so that dX = Conv(dY, W) and dW is Conv's with X and dY exchanged. */
const convTranspose: GradientRule = (context) => {
  const { op, node, needs } = context;
  const [dy, x, w] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const { window, beyond } = forwardWindow(context, x, w);
  const reached = withoutBeyond(context, dy, beyond, window.strides);
  return [
    needs[0] ? op.Conv([reached, w], window) : null,
    needs[1] ? op.ConvGradWeight([x, reached, w], window) : null,
    node.inputs[2] && needs[2] ? sumPerChannel(context, dy) : null,
  ];
};

/**
 * Cuts off what no input reaches: `beyond` elements at the end of each spatial axis, which a Conv would see as more
 * results than there were inputs where they are a stride or more.
 */
function withoutBeyond(
  { op, constants }: GradientContext,
  dy: Value,
  beyond: readonly number[],
  strides: readonly number[] | undefined,
): Value {
  const cut = beyond.map((size, i) => ({ axis: i + 2, size })).filter(({ size }, i) => size >= (strides?.[i] ?? 1));
  if (cut.every(({ size }) => size === 0)) return dy;
  const list = (of: (part: (typeof cut)[number]) => number, name: string) => constants.ints(cut.map(of), name);
  return op.Slice([dy, list(() => 0, "starts"), list(({ size }) => -size, "ends"), list(({ axis }) => axis, "axes")]);
}

/**
 * The window of the Conv that a ConvTranspose is the gradient of: pads made explicit where `output_shape` or `auto_pad`
 * ask for pads that make the result so large (https://onnx.ai/onnx/operators/onnx__ConvTranspose.html). With how many
 * elements of the result, at the end of each spatial axis, no input reaches.
 */
function forwardWindow(
  context: GradientContext,
  x: Value,
  w: Value,
): { readonly window: ConvWindow; readonly beyond: readonly number[] } {
  const { node, fail } = context;
  const window = { ...convWindow(node), auto_pad: undefined };
  const spatial = rankOf(w) - 2;
  const ones = Array.from({ length: spatial }, () => 1);
  const strides = window.strides ?? ones;
  const extra = node.ints("output_padding", null) ?? ones.map(() => 0);
  const wanted = node.ints("output_shape", null)?.slice(-spatial) ?? null;
  const autoPad = node.string("auto_pad", "NOTSET");
  if (autoPad === "VALID") return { window: { ...window, pads: undefined }, beyond: extra };
  if (wanted === null && autoPad === "NOTSET") return { window, beyond: extra };
  const pads: [number[], number[]] = [[], []];
  const beyond: number[] = [];
  for (let i = 0; i < spatial; i++) {
    const kernel = window.kernel_shape?.[i] ?? w.shape![i + 2]!;
    const size = x.shape?.[i + 2] ?? null;
    if (typeof kernel !== "number") return fail("the size of its kernel is not known");
    if (wanted && typeof size !== "number") return fail("it has output_shape, and the size of its input is not known");
    const [stride, extent] = [strides[i]!, (kernel - 1) * (window.dilations?.[i] ?? 1) + 1];
    const excess = wanted ? stride * ((size as number) - 1) + extent - wanted[i]! : extent - stride;
    const total = Math.max(0, excess + extra[i]!);
    beyond.push(total - excess);
    const half = Math.floor(total / 2);
    pads[0].push(autoPad === "SAME_UPPER" ? half : total - half);
    pads[1].push(autoPad === "SAME_UPPER" ? total - half : half);
  }
  return { window: { ...window, pads: pads.flat() }, beyond };
}

const integers = noGradient("it convolves integers; differentiate the fake-quantized float form");

/** Rules of convolutions, and of their gradients, which are linear in both operands. */
export const convolutionGradients = {
  Conv: conv,
  ConvTranspose: convTranspose,
  /** dX = gradInput(dY, W): its gradient by dY is Conv(g, W), by W the weight gradient with g as input. */
  ConvGradInput: (context) => {
    const { op, node, needs } = context;
    const [g, dy, w] = [cotangent(context), operand(context, 0), operand(context, 1)];
    const window = convWindow(node);
    return [needs[0] ? op.Conv([g, w], window) : null, needs[1] ? op.ConvGradWeight([dy, g, w], window) : null, null];
  },
  /** dW = gradWeight(dY, X): its gradient by dY is Conv(X, g), by X the input gradient with g as weight. */
  ConvGradWeight: (context) => {
    const { op, node, needs } = context;
    const [g, dy, x] = [cotangent(context), operand(context, 0), operand(context, 1)];
    const window = convWindow(node);
    return [needs[0] ? op.Conv([x, g], window) : null, needs[1] ? op.ConvGradInput([dy, g, x], window) : null, null];
  },
  DeformConv: noGradient("its bilinear sampling has no gradient ops in ONNX"),
  ConvInteger: integers,
  QLinearConv: integers,
} satisfies Partial<GradientTable>;
