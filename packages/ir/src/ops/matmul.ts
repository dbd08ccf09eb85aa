import { defineOp, float, int, required, string } from "./define-op.ts";
import { sinceByDType, wideIntegers } from "./since.ts";
import type { Node } from "../graph/node.ts";
import { inferEinsum } from "./infer-einsum.ts";
import { inferGemm, inferMatMul, inferMatMulAs } from "./infer-matmul.ts";

/** The last axis of a matrix operand: its columns, one per output channel. */
export function lastAxisOf(operand: number): (node: Node) => number {
  return (node) => Math.max(0, (node.inputs[operand]?.shape?.length ?? 2) - 1);
}

/** Matrix products. */
export const matmulOps = {
  MatMul: defineOp("MatMul", {
    since: sinceByDType(1, { 9: wideIntegers }),
    inputs: ["A", "B"],
    outputs: ["Y"],
    traits: ["linear"],
    roles: { B: { role: "weight", channelAxis: lastAxisOf(1) } },
    infer: inferMatMul,
  }),
  Gemm: defineOp("Gemm", {
    since: sinceByDType((node) => (node.inputs[2] ? 7 : 11), { 9: wideIntegers }),
    inputs: ["A", "B", "C?"],
    outputs: ["Y"],
    attributes: { alpha: float(1), beta: float(1), transA: int(0), transB: int(0) },
    traits: ["linear"],
    roles: {
      B: { role: "weight", channelAxis: (node) => (node.int("transB", 0) === 0 ? 1 : 0) },
      C: { role: "bias" },
    },
    infer: inferGemm,
  }),
  Einsum: defineOp("Einsum", {
    since: 12,
    inputs: ["Inputs..."],
    outputs: ["Output"],
    attributes: { equation: required(string()) },
    infer: inferEinsum,
  }),
  MatMulInteger: defineOp("MatMulInteger", {
    since: 10,
    inputs: ["A", "B", "a_zero_point?", "b_zero_point?"],
    outputs: ["Y"],
    traits: ["linear"],
    roles: {
      B: { role: "weight", channelAxis: lastAxisOf(1) },
      a_zero_point: { role: "parameter" },
      b_zero_point: { role: "parameter" },
    },
    infer: inferMatMulAs([0, 1], () => "int32"),
  }),
  QLinearMatMul: defineOp("QLinearMatMul", {
    since: (node) => (node.inputs[1]?.dtype === "float" || node.inputs[1]?.dtype === undefined ? 10 : 21),
    inputs: ["a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point", "y_scale", "y_zero_point"],
    outputs: ["y"],
    traits: ["linear"],
    roles: {
      a_scale: { role: "parameter" },
      a_zero_point: { role: "parameter" },
      b: { role: "weight", channelAxis: lastAxisOf(3) },
      b_scale: { role: "parameter" },
      b_zero_point: { role: "parameter" },
      y_scale: { role: "parameter" },
      y_zero_point: { role: "parameter" },
    },
    infer: inferMatMulAs([0, 3], (context) => context.dtype(7)),
  }),
};
