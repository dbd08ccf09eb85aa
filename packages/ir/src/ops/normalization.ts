import { defineOp, float, int, ints, required, type Since } from "./define-op.ts";
import { sameAsFirst } from "./infer-elementwise.ts";
import {
  inferBatchNormalization,
  inferChannelNormalization,
  inferLayerNormalization,
  inferRmsNormalization,
} from "./infer-normalization.ts";

/** Statistics of another dtype than X came with opset 15, the updated ones and bfloat16 with 14. */
const sinceOfBatchNormalization: Since = (node) => {
  const [x, scale, , mean] = node.inputs.map((value) => value?.dtype);
  if (scale !== x || mean !== x) return 15;
  return node.attributes.has("training_mode") || x === "bfloat16" ? 14 : 7;
};

/** Ops that center and scale by statistics. */
export const normalizationOps = {
  BatchNormalization: defineOp("BatchNormalization", {
    since: sinceOfBatchNormalization,
    inputs: ["X", "scale", "B", "input_mean", "input_var"],
    outputs: ["Y", "running_mean?", "running_var?"],
    attributes: { epsilon: float(1e-5), momentum: float(0.9), training_mode: int(0) },
    traits: ["normalization"],
    roles: {
      scale: { role: "weight", channelAxis: 0 },
      B: { role: "bias" },
      input_mean: { role: "parameter" },
      input_var: { role: "parameter" },
    },
    infer: inferBatchNormalization,
  }),
  InstanceNormalization: defineOp("InstanceNormalization", {
    since: 6,
    inputs: ["input", "scale", "B"],
    outputs: ["output"],
    attributes: { epsilon: float(1e-5) },
    traits: ["normalization"],
    roles: { scale: { role: "weight", channelAxis: 0 }, B: { role: "bias" } },
    infer: inferChannelNormalization,
  }),
  GroupNormalization: defineOp("GroupNormalization", {
    since: 21,
    inputs: ["X", "scale", "bias"],
    outputs: ["Y"],
    attributes: { epsilon: float(1e-5), num_groups: required(int()), stash_type: int(1) },
    traits: ["normalization"],
    roles: { scale: { role: "weight", channelAxis: 0 }, bias: { role: "bias" } },
    infer: inferChannelNormalization,
  }),
  LayerNormalization: defineOp("LayerNormalization", {
    since: 17,
    inputs: ["X", "Scale", "B?"],
    outputs: ["Y", "Mean?", "InvStdDev?"],
    attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
    traits: ["normalization"],
    roles: { Scale: { role: "weight" }, B: { role: "bias" } },
    infer: inferLayerNormalization,
  }),
  RMSNormalization: defineOp("RMSNormalization", {
    since: 23,
    inputs: ["X", "scale"],
    outputs: ["Y"],
    attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
    traits: ["normalization"],
    roles: { scale: { role: "weight" } },
    infer: inferRmsNormalization,
  }),
  LpNormalization: defineOp("LpNormalization", {
    since: 1,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: int(-1), p: int(2) },
    traits: ["normalization"],
    infer: sameAsFirst,
  }),
  MeanVarianceNormalization: defineOp("MeanVarianceNormalization", {
    since: 9,
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { axes: ints([0, 2, 3]) },
    traits: ["normalization"],
    infer: sameAsFirst,
  }),
  LRN: defineOp("LRN", {
    since: 1,
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { alpha: float(1e-4), beta: float(0.75), bias: float(1), size: required(int()) },
    traits: ["normalization"],
    infer: sameAsFirst,
  }),
};
