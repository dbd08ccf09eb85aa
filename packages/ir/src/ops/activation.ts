import { defineOp, float, int, string, type Trait } from "./define-op.ts";
import { integers, sinceByDType, wideIntegers } from "./since.ts";
import { checkBroadcastsTo, commonDType, sameAsFirst, unaryElements } from "./infer-elementwise.ts";
import { maxOfDims } from "./dim-algebra.ts";
import { axisIndex } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";

const elementwise: readonly Trait[] = ["elementwise"];
const inputs = ["X"] as const;
const outputs = ["Y"] as const;

/** Activation functions; all but the softmax family work element by element. */
export const activationOps = {
  Relu: defineOp("Relu", {
    since: sinceByDType(6, { 14: ["int8", "int16", "int32", "int64"] }),
    inputs,
    outputs,
    traits: elementwise,
    infer: unaryElements((element) => maxOfDims(element, 0)),
  }),
  LeakyRelu: defineOp("LeakyRelu", {
    since: sinceByDType(6, { 16: ["bfloat16"] }),
    inputs,
    outputs,
    attributes: { alpha: float(0.01) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  PRelu: defineOp("PRelu", {
    since: sinceByDType(7, { 9: wideIntegers, 16: ["bfloat16"] }),
    inputs: ["X", "slope"],
    outputs,
    traits: elementwise,
    roles: { slope: { role: "weight" } },
    infer(context) {
      commonDType(context, [0, 1]);
      checkBroadcastsTo(context, context.shape(0), 1, "slope");
      return sameAsFirst(context);
    },
  }),
  Elu: defineOp("Elu", {
    since: 6,
    inputs,
    outputs,
    attributes: { alpha: float(1) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  Selu: defineOp("Selu", {
    since: 6,
    inputs,
    outputs,
    attributes: { alpha: float(1.6732632423543772), gamma: float(1.0507009873554805) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  Celu: defineOp("Celu", {
    since: 12,
    inputs,
    outputs,
    attributes: { alpha: float(1) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  ThresholdedRelu: defineOp("ThresholdedRelu", {
    since: 10,
    inputs,
    outputs,
    attributes: { alpha: float(1) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  Shrink: defineOp("Shrink", {
    since: 9,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { bias: float(0), lambd: float(0.5) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  Clip: defineOp("Clip", {
    since: sinceByDType(11, { 12: integers }),
    inputs: ["input", "min?", "max?"],
    outputs: ["output"],
    traits: elementwise,
    roles: { min: { role: "parameter" }, max: { role: "parameter" } },
    infer(context) {
      commonDType(context, [0, 1, 2]);
      return sameAsFirst(context);
    },
  }),
  Sigmoid: defineOp("Sigmoid", { since: 6, inputs, outputs, traits: elementwise, infer: sameAsFirst }),
  HardSigmoid: defineOp("HardSigmoid", {
    since: 6,
    inputs,
    outputs,
    attributes: { alpha: float(0.2), beta: float(0.5) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  HardSwish: defineOp("HardSwish", { since: 14, inputs, outputs, traits: elementwise, infer: sameAsFirst }),
  Swish: defineOp("Swish", {
    since: 24,
    inputs,
    outputs,
    attributes: { alpha: float(1) },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  Mish: defineOp("Mish", { since: 18, inputs, outputs, traits: elementwise, infer: sameAsFirst }),
  Gelu: defineOp("Gelu", {
    since: 20,
    inputs,
    outputs,
    attributes: { approximate: string("none") },
    traits: elementwise,
    infer: sameAsFirst,
  }),
  Tanh: defineOp("Tanh", { since: 6, inputs: ["input"], outputs: ["output"], traits: elementwise, infer: sameAsFirst }),
  Softplus: defineOp("Softplus", { since: 1, inputs, outputs, traits: elementwise, infer: sameAsFirst }),
  Softsign: defineOp("Softsign", {
    since: 1,
    inputs: ["input"],
    outputs: ["output"],
    traits: elementwise,
    infer: sameAsFirst,
  }),
  Softmax: defineOp("Softmax", {
    since: 13,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: int(-1) },
    infer: alongAxis,
  }),
  LogSoftmax: defineOp("LogSoftmax", {
    since: 13,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: int(-1) },
    infer: alongAxis,
  }),
  Hardmax: defineOp("Hardmax", {
    since: 13,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: int(-1) },
    infer: alongAxis,
  }),
};

/** The type of the first operand, whose `axis` must exist. */
function alongAxis(context: InferContext): Inferred {
  const shape = context.shape(0);
  if (shape) axisIndex(context, context.node.int("axis", -1), shape.length);
  return sameAsFirst(context);
}
