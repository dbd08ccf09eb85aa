import type { Node } from "../graph/node.ts";
import { convAttributes } from "./conv.ts";
import { defineOp, float, floats, int, ints, required, string, type OperandRole } from "./define-op.ts";
import { inferConv } from "./infer-conv.ts";
import { sameAsFirst } from "./infer-elementwise.ts";
import { inferGemm, inferMatMulAs } from "./infer-matmul.ts";
import {
  inferFusedMatMul,
  inferMatMulNBits,
  inferQGemm,
  inferQLinearAveragePool,
  inferQLinearBroadcast,
  inferQLinearConcat,
  inferQLinearGlobalAveragePool,
  inferQLinearReduceMean,
} from "./infer-microsoft.ts";
import { lastAxisOf } from "./matmul.ts";

/** Operators of ONNX Runtime (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md). */
const domain = "com.microsoft";
const parameter = { role: "parameter" } as const;

/** Roles of scales and zero points of the named operands. */
function quantized(...names: readonly string[]): Readonly<Record<string, OperandRole>> {
  return Object.fromEntries(
    names.flatMap((name) => [
      [`${name}_scale`, parameter],
      [`${name}_zero_point`, parameter],
    ]),
  );
}

const oneToOne = ["X", "X_scale", "X_zero_point?", "Y_scale", "Y_zero_point?"] as const;
const twoToOne = [
  "A",
  "A_scale",
  "A_zero_point?",
  "B",
  "B_scale",
  "B_zero_point?",
  "C_scale",
  "C_zero_point?",
] as const;
const columnsOfB = (node: Node): number => (node.int("transB", 0) === 0 ? 1 : 0);

/** Integer and fused ops that backends lower to. */
export const microsoftOps = {
  FusedMatMul: defineOp("FusedMatMul", {
    since: 1,
    domain,
    inputs: ["A", "B"],
    outputs: ["Y"],
    attributes: { alpha: float(1), transA: int(0), transB: int(0), transBatchA: int(0), transBatchB: int(0) },
    traits: ["linear"],
    roles: { B: { role: "weight", channelAxis: lastAxisOf(1) } },
    infer: inferFusedMatMul,
  }),
  FusedConv: defineOp("FusedConv", {
    since: 1,
    domain,
    inputs: ["X", "W", "B?", "Z?"],
    outputs: ["Y"],
    attributes: { ...convAttributes, activation: string(), activation_params: floats() },
    roles: { W: { role: "weight", channelAxis: 0 }, B: { role: "bias" } },
    infer: inferConv,
  }),
  FusedGemm: defineOp("FusedGemm", {
    since: 1,
    domain,
    inputs: ["A", "B", "C?"],
    outputs: ["Y"],
    attributes: {
      activation: string(),
      activation_alpha: float(),
      activation_beta: float(),
      activation_gamma: float(),
      alpha: float(1),
      beta: float(1),
      transA: int(0),
      transB: int(0),
    },
    roles: { B: { role: "weight", channelAxis: columnsOfB }, C: { role: "bias" } },
    infer: inferGemm,
  }),
  QGemm: defineOp("QGemm", {
    since: 1,
    domain,
    inputs: ["A", "a_scale", "a_zero_point", "B", "b_scale", "b_zero_point", "C?", "y_scale?", "y_zero_point?"],
    outputs: ["Y"],
    attributes: { alpha: float(1), transA: int(0), transB: int(0) },
    traits: ["linear"],
    roles: {
      B: { role: "weight", channelAxis: columnsOfB },
      C: { role: "bias" },
      ...quantized("a", "b", "y"),
    },
    infer: inferQGemm,
  }),
  MatMulIntegerToFloat: defineOp("MatMulIntegerToFloat", {
    since: 1,
    domain,
    inputs: ["A", "B", "a_scale", "b_scale", "a_zero_point?", "b_zero_point?", "bias?"],
    outputs: ["Y"],
    traits: ["linear"],
    roles: { B: { role: "weight", channelAxis: lastAxisOf(1) }, bias: { role: "bias" }, ...quantized("a", "b") },
    infer: inferMatMulAs([0, 1], (context) => context.dtype(2)),
  }),
  DynamicQuantizeMatMul: defineOp("DynamicQuantizeMatMul", {
    since: 1,
    domain,
    inputs: ["A", "B", "b_scale", "b_zero_point?", "bias?"],
    outputs: ["Y"],
    traits: ["linear"],
    roles: { B: { role: "weight", channelAxis: lastAxisOf(1) }, bias: { role: "bias" }, ...quantized("b") },
    infer: inferMatMulAs([0, 1], (context) => context.dtype(0)),
  }),
  MatMulNBits: defineOp("MatMulNBits", {
    since: 1,
    domain,
    inputs: ["A", "B", "scales", "zero_points?", "g_idx?", "bias?"],
    outputs: ["Y"],
    attributes: {
      K: required(int()),
      N: required(int()),
      accuracy_level: int(0),
      bits: int(4),
      block_size: required(int()),
      weight_prepacked: int(0),
    },
    traits: ["linear"],
    roles: {
      B: { role: "weight", channelAxis: 0 },
      scales: parameter,
      zero_points: parameter,
      g_idx: parameter,
      bias: { role: "bias" },
    },
    infer: inferMatMulNBits,
  }),
  QLinearAdd: defineOp("QLinearAdd", {
    since: 1,
    domain,
    inputs: twoToOne,
    outputs: ["C"],
    traits: ["elementwise"],
    roles: quantized("A", "B", "C"),
    infer: inferQLinearBroadcast([0, 3], 0),
  }),
  QLinearMul: defineOp("QLinearMul", {
    since: 1,
    domain,
    inputs: twoToOne,
    outputs: ["C"],
    traits: ["elementwise"],
    roles: quantized("A", "B", "C"),
    infer: inferQLinearBroadcast([0, 3], 0),
  }),
  QLinearWhere: defineOp("QLinearWhere", {
    since: 1,
    domain,
    inputs: ["condition", "X", "x_scale", "x_zero_point", "Y", "y_scale", "y_zero_point", "z_scale", "z_zero_point"],
    outputs: ["Z"],
    traits: ["elementwise"],
    roles: { condition: parameter, ...quantized("x", "y", "z") },
    infer: inferQLinearBroadcast([0, 1, 4], 1),
  }),
  QLinearConcat: defineOp("QLinearConcat", {
    since: 1,
    domain,
    inputs: ["Y_scale", "Y_zero_point", "inputs..."],
    outputs: ["Y"],
    attributes: { axis: required(int()) },
    roles: quantized("Y"),
    infer: inferQLinearConcat,
  }),
  QLinearSigmoid: defineOp("QLinearSigmoid", {
    since: 1,
    domain,
    inputs: oneToOne,
    outputs: ["Y"],
    traits: ["elementwise"],
    roles: quantized("X", "Y"),
    infer: sameAsFirst,
  }),
  QLinearLeakyRelu: defineOp("QLinearLeakyRelu", {
    since: 1,
    domain,
    inputs: oneToOne,
    outputs: ["Y"],
    attributes: { alpha: float(0.01) },
    traits: ["elementwise"],
    roles: quantized("X", "Y"),
    infer: sameAsFirst,
  }),
  QLinearSoftmax: defineOp("QLinearSoftmax", {
    since: 1,
    domain,
    inputs: ["X", "X_scale", "x_zero_point?", "y_scale", "y_zero_point"],
    outputs: ["Y"],
    attributes: { axis: int(-1), opset: required(int()) },
    roles: { X_scale: parameter, x_zero_point: parameter, ...quantized("y") },
    infer: sameAsFirst,
  }),
  QLinearAveragePool: defineOp("QLinearAveragePool", {
    since: 1,
    domain,
    inputs: ["X", "x_scale", "x_zero_point?", "y_scale", "y_zero_point?"],
    outputs: ["Y"],
    attributes: {
      auto_pad: string("NOTSET"),
      ceil_mode: int(0),
      channels_last: int(0),
      count_include_pad: int(0),
      kernel_shape: required(ints()),
      pads: ints(),
      strides: ints(),
    },
    roles: quantized("x", "y"),
    infer: inferQLinearAveragePool,
  }),
  QLinearGlobalAveragePool: defineOp("QLinearGlobalAveragePool", {
    since: 1,
    domain,
    inputs: ["X", "x_scale", "x_zero_point", "y_scale", "y_zero_point"],
    outputs: ["Y"],
    attributes: { channels_last: int(0) },
    traits: ["reduction"],
    roles: quantized("x", "y"),
    infer: inferQLinearGlobalAveragePool,
  }),
  QLinearReduceMean: defineOp("QLinearReduceMean", {
    since: 1,
    domain,
    inputs: ["data", "data_scale", "data_zero_point?", "reduced_scale", "reduced_zero_point?"],
    outputs: ["reduced"],
    attributes: { axes: required(ints()), keepdims: required(int()) },
    traits: ["reduction"],
    roles: quantized("data", "reduced"),
    infer: inferQLinearReduceMean,
  }),
};
