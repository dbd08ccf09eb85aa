import { lowbitDomain } from "../graph/model.ts";
import { convAttributes } from "./conv.ts";
import { defineOp, float, int, ints, required, string } from "./define-op.ts";
import {
  inferAssign,
  inferBatchNormalizationGrad,
  inferConvBatchNormalization,
  inferFakeQuantize,
  inferFakeQuantizeGrad,
  inferObserveRange,
  inferQuantizationParameters,
  typeOf,
} from "./infer-lowbit.ts";
import { poolAttributes } from "./pool.ts";

const parameter = { role: "parameter" } as const;
const domain = lowbitDomain;

const fakeQuantizeAttributes = {
  qmin: required(int()),
  qmax: required(int()),
  axis: int(),
  block_size: int(0),
  covers_range: int(0),
  lower: float(),
  upper: float(),
};

/** lowbit's own ops: they exist between passes, and are legalized to plain ONNX before anything runs. */
export const lowbitOps = {
  FakeQuantize: defineOp("FakeQuantize", {
    since: 1,
    domain,
    inputs: ["X", "scale", "zero_point"],
    outputs: ["Y"],
    attributes: fakeQuantizeAttributes,
    traits: ["elementwise"],
    roles: { scale: parameter, zero_point: parameter },
    infer: inferFakeQuantize,
  }),
  FakeQuantizeGrad: defineOp("FakeQuantizeGrad", {
    since: 1,
    domain,
    inputs: ["dY", "X", "scale", "zero_point"],
    outputs: ["dX", "dScale?", "dZeroPoint?"],
    attributes: fakeQuantizeAttributes,
    roles: { scale: parameter, zero_point: parameter },
    infer: inferFakeQuantizeGrad,
  }),
  ObserveRange: defineOp("ObserveRange", {
    since: 1,
    domain,
    inputs: ["X", "min?", "max?"],
    outputs: ["new_min", "new_max"],
    attributes: {
      mode: string("moving-average"),
      averaging_constant: float(0.01),
      axis: int(),
      lower: float(),
      upper: float(),
    },
    traits: ["reduction"],
    roles: { min: parameter, max: parameter },
    infer: inferObserveRange,
  }),
  QuantizationParameters: defineOp("QuantizationParameters", {
    since: 1,
    domain,
    inputs: ["min", "max"],
    outputs: ["scale", "zero_point"],
    attributes: {
      qmin: required(int()),
      qmax: required(int()),
      symmetric: int(0),
      dtype: required(string()),
      eps: float(1.1920929e-7),
    },
    traits: ["elementwise"],
    infer: inferQuantizationParameters,
  }),
  /** X itself; the gradient of X is that of Y times a factor, which broadcasts. */
  ScaleGradient: defineOp("ScaleGradient", {
    since: 1,
    domain,
    inputs: ["X", "factor"],
    outputs: ["Y"],
    traits: ["elementwise"],
    infer: typeOf(0),
  }),
  Assign: defineOp("Assign", {
    since: 1,
    domain,
    inputs: ["buffer", "value"],
    outputs: ["updated"],
    traits: ["sideEffect"],
    roles: { buffer: parameter },
    infer: inferAssign,
  }),
  ConvBatchNormalization: defineOp("ConvBatchNormalization", {
    since: 1,
    domain,
    inputs: ["X", "W", "B?", "gamma", "beta", "mean", "variance", "log_ratio?"],
    outputs: ["Y"],
    attributes: {
      ...convAttributes,
      output_padding: ints(),
      output_shape: ints(),
      alpha: float(1),
      beta: float(1),
      transA: int(0),
      transB: int(0),
      op: string("Conv"),
      epsilon: float(1e-5),
      momentum: float(0.9),
      weight_dtype: string(""),
      weight_qmin: int(),
      weight_qmax: int(),
      weight_axis: int(),
      weight_eps: float(),
    },
    traits: ["linear", "normalization"],
    roles: {
      W: { role: "weight", channelAxis: (node) => weightAxis(node.string("op", "Conv"), node.int("transB", 0)) },
      B: { role: "bias" },
      gamma: { role: "weight", channelAxis: 0 },
      beta: { role: "bias" },
      mean: parameter,
      variance: parameter,
      log_ratio: parameter,
    },
    infer: inferConvBatchNormalization,
  }),
  ConvGradInput: defineOp("ConvGradInput", {
    since: 1,
    domain,
    inputs: ["dY", "W", "X"],
    outputs: ["dX"],
    attributes: convAttributes,
    traits: ["linear"],
    roles: { W: { role: "weight", channelAxis: 0 } },
    infer: typeOf(2),
  }),
  ConvGradWeight: defineOp("ConvGradWeight", {
    since: 1,
    domain,
    inputs: ["dY", "X", "W"],
    outputs: ["dW"],
    attributes: convAttributes,
    traits: ["linear"],
    roles: { W: { role: "weight", channelAxis: 0 } },
    infer: typeOf(2),
  }),
  BatchNormalizationGrad: defineOp("BatchNormalizationGrad", {
    since: 1,
    domain,
    inputs: ["dY", "X", "scale"],
    outputs: ["dX", "dScale", "dBias"],
    attributes: { epsilon: float(1e-5) },
    traits: ["normalization"],
    roles: { scale: parameter },
    infer: inferBatchNormalizationGrad,
  }),
  MaxPoolGrad: defineOp("MaxPoolGrad", {
    since: 1,
    domain,
    inputs: ["dY", "X", "Y"],
    outputs: ["dX"],
    attributes: { ...poolAttributes, storage_order: int(0) },
    infer: typeOf(1),
  }),
  AveragePoolGrad: defineOp("AveragePoolGrad", {
    since: 1,
    domain,
    inputs: ["dY", "X"],
    outputs: ["dX"],
    attributes: { ...poolAttributes, count_include_pad: int(0) },
    infer: typeOf(1),
  }),
};

function weightAxis(op: string, transB: number): number {
  if (op === "Conv") return 0;
  return op === "Gemm" && transB !== 0 ? 0 : 1;
}
