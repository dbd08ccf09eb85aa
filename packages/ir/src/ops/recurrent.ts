import type { Node } from "../graph/node.ts";
import { defineOp, float, floats, int, string, strings } from "./define-op.ts";
import { inferRecurrent } from "./infer-recurrent.ts";

const attributes = {
  activation_alpha: floats(),
  activation_beta: floats(),
  activations: strings(),
  clip: float(),
  direction: string("forward"),
  hidden_size: int(),
  layout: int(0),
};
const roles = {
  W: { role: "weight", channelAxis: 1 },
  R: { role: "weight", channelAxis: 1 },
  B: { role: "bias" },
  sequence_lens: { role: "parameter" },
} as const;
const since = (node: Node): number => (node.int("layout", 0) === 0 && !node.attributes.has("layout") ? 7 : 14);

/** Recurrent layers. */
export const recurrentOps = {
  RNN: defineOp("RNN", {
    since,
    inputs: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?"],
    outputs: ["Y?", "Y_h?"],
    attributes: { ...attributes, activations: strings(["Tanh", "Tanh"]) },
    roles,
    infer: inferRecurrent,
  }),
  GRU: defineOp("GRU", {
    since,
    inputs: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?"],
    outputs: ["Y?", "Y_h?"],
    attributes: { ...attributes, linear_before_reset: int(0) },
    roles,
    infer: inferRecurrent,
  }),
  LSTM: defineOp("LSTM", {
    since,
    inputs: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?"],
    outputs: ["Y?", "Y_h?", "Y_c?"],
    attributes: { ...attributes, input_forget: int(0) },
    roles: { ...roles, P: { role: "parameter" } },
    infer: inferRecurrent,
  }),
};
