import { defineOp, graph, int, ints, required } from "./define-op.ts";
import {
  bodiesOfIf,
  bodiesOfLoop,
  bodiesOfScan,
  bodiesOfSequenceMap,
  inferIf,
  inferLoop,
  inferScan,
  inferSequenceMap,
} from "./infer-control-flow.ts";

const parameter = { role: "parameter" } as const;

/** Ops that run graphs: their bodies read values of the graphs around them. */
export const controlFlowOps = {
  If: defineOp("If", {
    since: 1,
    inputs: ["cond"],
    outputs: ["outputs..."],
    attributes: { else_branch: required(graph()), then_branch: required(graph()) },
    roles: { cond: parameter },
    infer: inferIf,
    bodies: bodiesOfIf,
  }),
  Loop: defineOp("Loop", {
    since: 1,
    inputs: ["M?", "cond?", "v_initial..."],
    outputs: ["v_final_and_scan_outputs..."],
    attributes: { body: required(graph()) },
    roles: { M: parameter, cond: parameter },
    infer: inferLoop,
    bodies: bodiesOfLoop,
  }),
  Scan: defineOp("Scan", {
    since: 9,
    inputs: ["initial_state_and_scan_inputs..."],
    outputs: ["final_state_and_scan_outputs..."],
    attributes: {
      body: required(graph()),
      num_scan_inputs: required(int()),
      scan_input_axes: ints(),
      scan_input_directions: ints(),
      scan_output_axes: ints(),
      scan_output_directions: ints(),
    },
    infer: inferScan,
    bodies: bodiesOfScan,
  }),
  SequenceMap: defineOp("SequenceMap", {
    since: 17,
    inputs: ["input_sequence", "additional_inputs..."],
    outputs: ["out_sequence..."],
    attributes: { body: required(graph()) },
    infer: inferSequenceMap,
    bodies: bodiesOfSequenceMap,
  }),
};
