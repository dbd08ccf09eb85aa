import { defineOp, float, required, string } from "./define-op.ts";
import { inferOptimizer } from "./infer-training.ts";

const domain = "ai.onnx.preview.training";
const inputs = ["R", "T", "inputs..."] as const;
const outputs = ["outputs..."] as const;
const roles = { R: { role: "parameter" }, T: { role: "parameter" } } as const;

/** Optimizer steps as ONNX defines them. Operands: parameters, gradients, then one or two states of each. */
export const trainingOps = {
  Adagrad: defineOp("Adagrad", {
    since: 1,
    domain,
    inputs,
    outputs,
    attributes: { decay_factor: float(0), epsilon: float(0), norm_coefficient: float(0) },
    roles,
    infer: inferOptimizer(3, [0, 2]),
  }),
  Adam: defineOp("Adam", {
    since: 1,
    domain,
    inputs,
    outputs,
    attributes: {
      alpha: float(0.9),
      beta: float(0.999),
      epsilon: float(0),
      norm_coefficient: float(0),
      norm_coefficient_post: float(0),
    },
    roles,
    infer: inferOptimizer(4, [0, 2, 3]),
  }),
  Momentum: defineOp("Momentum", {
    since: 1,
    domain,
    inputs,
    outputs,
    attributes: {
      alpha: required(float()),
      beta: required(float()),
      mode: required(string()),
      norm_coefficient: required(float()),
    },
    roles,
    infer: inferOptimizer(3, [0, 2]),
  }),
};
