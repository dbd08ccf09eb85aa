import { defineOp } from "./define-op.ts";
import { broadcastTypes, sameAsFirst } from "./infer-elementwise.ts";

/** Element-by-element ops with numpy broadcasting where they take two operands. */
export const elementwiseOps = {
  Add: defineOp("Add", {
    since: 7,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: ["elementwise", "commutative"],
    infer: broadcastTypes,
  }),
  Relu: defineOp("Relu", { since: 6, inputs: ["X"], outputs: ["Y"], traits: ["elementwise"], infer: sameAsFirst }),
  Identity: defineOp("Identity", {
    since: 1,
    inputs: ["input"],
    outputs: ["output"],
    traits: ["elementwise", "keepsScale"],
    infer: sameAsFirst,
  }),
};
