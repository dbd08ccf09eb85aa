import { defineOp, int, required } from "./define-op.ts";
import { copyOfFirst } from "./infer-elementwise.ts";
import { inferBitCast, inferCast, inferCastLike } from "./infer-cast.ts";
import { inferDropout } from "./infer-random.ts";

/** Ops that hand elements on, possibly in another dtype. */
export const castOps = {
  Identity: defineOp("Identity", {
    since: (node) =>
      node.inputs[0]?.type?.kind === "sequence" ? 14 : node.inputs[0]?.type?.kind === "optional" ? 16 : 1,
    inputs: ["input"],
    outputs: ["output"],
    traits: ["elementwise", "keepsScale"],
    infer: copyOfFirst,
  }),
  Cast: defineOp("Cast", {
    since: (node) => (node.attributes.has("saturate") ? 19 : 6),
    inputs: ["input"],
    outputs: ["output"],
    attributes: { saturate: int(1), to: required(int()) },
    traits: ["elementwise"],
    infer: inferCast,
  }),
  CastLike: defineOp("CastLike", {
    since: (node) => (node.attributes.has("saturate") ? 19 : 15),
    inputs: ["input", "target_type"],
    outputs: ["output"],
    attributes: { saturate: int(1) },
    traits: ["elementwise"],
    roles: { target_type: { role: "parameter" } },
    infer: inferCastLike,
  }),
  BitCast: defineOp("BitCast", {
    since: 26,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { to: required(int()) },
    traits: ["elementwise"],
    infer: inferBitCast,
  }),
  Dropout: defineOp("Dropout", {
    since: (node) => {
      if (node.inputs[1] || node.inputs[2] || node.attributes.has("seed")) return 12;
      return node.outputs.length > 1 ? 10 : 7;
    },
    inputs: ["data", "ratio?", "training_mode?"],
    outputs: ["output", "mask?"],
    attributes: { seed: int() },
    traits: ["random"],
    roles: { ratio: { role: "parameter" }, training_mode: { role: "parameter" } },
    infer: inferDropout,
  }),
};
