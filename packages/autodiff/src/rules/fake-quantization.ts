import type { Node, Value } from "@lowbit/ir";
import {
  cotangent,
  noGradient,
  operand,
  zeroGradient,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { maskOf } from "../masks.ts";

/** The attributes of FakeQuantize and its gradient. */
interface FakeQuantizeSettings {
  readonly qmin: number;
  readonly qmax: number;
  readonly axis: number | undefined;
  readonly block_size: number | undefined;
  readonly covers_range: number | undefined;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
}

function settingsOf(node: Node): FakeQuantizeSettings {
  return {
    qmin: node.int("qmin", 0),
    qmax: node.int("qmax", 0),
    axis: node.attributes.has("axis") ? node.int("axis", 0) : undefined,
    block_size: node.int("block_size", 0) || undefined,
    covers_range: node.int("covers_range", 0) || undefined,
    lower: node.attributes.has("lower") ? node.float("lower", 0) : undefined,
    upper: node.attributes.has("upper") ? node.float("upper", 0) : undefined,
  };
}

/** Straight-through where no element is clipped; scale and zero point as in LSQ and LSQ+ (see the op's definition). */
const fakeQuantize: GradientRule = (context) => {
  const { editor, node, needs } = context;
  const inputs = [cotangent(context), operand(context, 0), operand(context, 1), operand(context, 2)];
  const names = ["dx", "dscale", "dzero_point"].map((name) => editor.graph.names.fresh(name));
  const last = needs.lastIndexOf(true, 2);
  const outputs = names.slice(0, last + 1).map((name, i) => (needs[i] ? name : null));
  const made = editor.node("FakeQuantizeGrad", inputs, { ...settingsOf(node) }, { domain: node.domain, outputs });
  return made.outputs;
};

/**
 * scale = (max - min) / codes with min at most 0 and max at least 0, or 2·max(|min|, |max|) / codes when symmetric; the
 * zero point is an integer and gets none. Where eps holds the scale up nothing flows.
 */
const quantizationParameters: GradientRule = (context) => {
  const { op, node, needs, constants } = context;
  const [dscale, min, max] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const range = node.int("qmax", 0) - node.int("qmin", 0);
  const eps = node.float("eps", Math.fround(1.1920929e-7));
  const zero = constants.scalar(0, min);
  const free = maskOf(context, op.Greater([node.output, constants.scalar(eps, min)]), min);
  const symmetric = node.int("symmetric", 0) !== 0;
  const step = op.Mul([op.Mul([dscale, free]), constants.scalar((symmetric ? 2 : 1) / range, min)]);
  const where = (condition: Value) => op.Mul([step, maskOf(context, condition, min)]);
  const [low, high] = [op.Neg([op.Min([min, zero])]), op.Max([max, zero])];
  const lowCounts = () => (symmetric ? op.Greater([low, high]) : op.Greater([low, zero]));
  const highCounts = () => (symmetric ? op.GreaterOrEqual([high, low]) : op.Greater([high, zero]));
  return [needs[0] ? op.Neg([where(lowCounts())]) : null, needs[1] ? where(highCounts()) : null];
};

/** Rules of lowbit's own ops of quantization-aware training; those of its gradient ops stand beside their families. */
export const fakeQuantizationGradients = {
  FakeQuantize: fakeQuantize,
  FakeQuantizeGrad: noGradient("it is itself a gradient, straight through the rounding"),
  QuantizationParameters: quantizationParameters,
  /** dX = dY·factor; the factor is none of the loss's business. */
  ScaleGradient: (context) => [context.op.Mul([cotangent(context), operand(context, 1)]), null],
  /** Observed ranges are statistics: training does not steer what is observed. */
  ObserveRange: zeroGradient,
  /** The state holds the value from now on. */
  Assign: (context) => [null, cotangent(context)],
  ConvBatchNormalization: noGradient("it is a composite; decompose it before differentiating"),
} satisfies Partial<GradientTable>;
