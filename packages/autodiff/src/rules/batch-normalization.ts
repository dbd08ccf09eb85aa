import { lowbitDomain, type Value } from "@lowbit/ir";
import { rankOf } from "../constant-pool.ts";
import {
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { sumPerChannel } from "./convolution.ts";

/** A value [C] as [C, 1, ...], to meet [N, C, ...]. */
export function alongChannels({ op, constants }: GradientContext, value: Value, x: Value): Value {
  const behind = Array.from({ length: rankOf(x) - 2 }, (_, i) => i + 1);
  return behind.length === 0 ? value : op.Unsqueeze([value, constants.ints(behind, "axes")]);
}

/** 1/√(variance + epsilon). */
export function inverseDeviation({ op, constants }: GradientContext, variance: Value, epsilon: number): Value {
  return op.Reciprocal([op.Sqrt([op.Add([variance, constants.scalar(epsilon, variance)])])]);
}

/** Statistics of the batch: one op, since all three gradients are made of the same sums. */
function batchStatistics(context: GradientContext, dy: Value): readonly (Value | null)[] {
  const { editor, node } = context;
  const inputs = [dy, operand(context, 0), operand(context, 1)];
  const attributes = { epsilon: node.float("epsilon", Math.fround(1e-5)) };
  return editor.node("BatchNormalizationGrad", inputs, attributes, { domain: lowbitDomain, outputs: 3 }).outputs;
}

/** Stored statistics: y = (x - mean)·k + beta, k = gamma·inv, inv = 1/√(variance + epsilon). */
function storedStatistics(context: GradientContext, dy: Value): readonly (Value | null)[] {
  const { op, node, needs, constants } = context;
  const [x, gamma, mean, variance] = [0, 1, 3, 4].map((index) => operand(context, index)) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const inv = inverseDeviation(context, variance, node.float("epsilon", Math.fround(1e-5)));
  const k = needs[0] || needs[3] || needs[4] ? op.Mul([gamma, inv]) : null;
  const dbeta = needs[2] || needs[3] ? sumPerChannel(context, dy) : null;
  const centred = () => op.Sub([x, alongChannels(context, mean, x)]);
  const dgamma = needs[1] || needs[4] ? op.Mul([sumPerChannel(context, op.Mul([dy, centred()])), inv]) : null;
  const dvariance = () => {
    const half = op.Mul([op.Mul([dgamma!, gamma]), constants.scalar(-0.5, x)]);
    return op.Mul([half, op.Mul([inv, inv])]);
  };
  return [
    needs[0] ? op.Mul([dy, alongChannels(context, k!, x)]) : null,
    dgamma,
    dbeta,
    needs[3] ? op.Neg([op.Mul([dbeta!, k!])]) : null,
    needs[4] ? dvariance() : null,
  ];
}

/** The running statistics of the training form are state: no gradient comes from them or reaches them. */
const batchNormalization: GradientRule = (context) => {
  const dy = cotangent(context);
  return context.node.int("training_mode", 0) === 0 ? storedStatistics(context, dy) : batchStatistics(context, dy);
};

/** The rules of BatchNormalization over [N, C, ...]. */
export const batchNormalizationGradients = {
  BatchNormalization: batchNormalization,
  BatchNormalizationGrad: noGradient("it is itself a gradient; second derivatives are not built"),
} satisfies Partial<GradientTable>;
