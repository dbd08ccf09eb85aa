import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import { optionalInt } from "../attributes.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { logSoftmax, mapGroups } from "./softmax.ts";

/** `-weight[t]·logP[t]` per target, reduced; the mean is weighted, and targets equal to `ignore_index` count nothing. */
function likelihoodLoss(call: KernelCall, logProbabilities: Tensor): Tensor {
  const [target, weight] = [call.tensor(1), call.optional(2)];
  const [batch, classes] = logProbabilities.dims as [number, number];
  const plane = sizeOf(logProbabilities.dims.slice(2));
  if (target.size !== batch * plane) call.fail(`${target.size} targets for [${logProbabilities.dims.join(",")}]`);
  const ignored = optionalInt(call.node, "ignore_index");
  const logs = logProbabilities.numbers();
  const weights = weight?.numbers();
  let total = 0;
  const losses = target.numbers().map((label, i) => {
    if (label === ignored) return 0;
    if (label < 0 || label >= classes) call.fail(`label ${label} is outside the ${classes} classes`);
    const own = weights ? weights[label]! : 1;
    total += own;
    return -own * logs[(Math.floor(i / plane) * classes + label) * plane + (i % plane)]!;
  });
  const reduction = call.node.string("reduction", "mean");
  if (reduction === "none") return tensorOf(logProbabilities.dtype, target.dims, losses);
  const sum = losses.reduce((a, b) => a + b, 0);
  return tensorOf(logProbabilities.dtype, [], [reduction === "sum" ? sum : sum / total]);
}

const softmaxCrossEntropyLoss: Kernel = (call) => {
  const logProbabilities = mapGroups(call.tensor(0), [1], logSoftmax);
  return [likelihoodLoss(call, logProbabilities), logProbabilities];
};

/** Losses of classification; class axis 1. */
export const lossKernels = {
  NegativeLogLikelihoodLoss: (call) => likelihoodLoss(call, call.tensor(0)),
  SoftmaxCrossEntropyLoss: softmaxCrossEntropyLoss,
} satisfies Readonly<Record<string, Kernel>>;
