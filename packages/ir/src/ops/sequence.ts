import { tensorType } from "../types.ts";
import { defineOp, int, required, typeProto } from "./define-op.ts";
import { sameAsFirst } from "./infer-elementwise.ts";
import {
  inferConcatFromSequence,
  inferOptional,
  inferOptionalGetElement,
  inferSequenceAt,
  inferSequenceConstruct,
  inferSequenceEmpty,
  inferSequenceInsert,
  inferSplitToSequence,
  scalarOf,
} from "./infer-sequence.ts";

const parameter = { role: "parameter" } as const;

/** Ops on sequences and optionals. */
export const sequenceOps = {
  SequenceConstruct: defineOp("SequenceConstruct", {
    since: 11,
    inputs: ["inputs..."],
    outputs: ["output_sequence"],
    infer: inferSequenceConstruct,
  }),
  SequenceEmpty: defineOp("SequenceEmpty", {
    since: 11,
    inputs: [],
    outputs: ["output"],
    attributes: { dtype: int() },
    infer: inferSequenceEmpty,
  }),
  SequenceInsert: defineOp("SequenceInsert", {
    since: 11,
    inputs: ["input_sequence", "tensor", "position?"],
    outputs: ["output_sequence"],
    roles: { position: parameter },
    infer: inferSequenceInsert,
  }),
  SequenceErase: defineOp("SequenceErase", {
    since: 11,
    inputs: ["input_sequence", "position?"],
    outputs: ["output_sequence"],
    roles: { position: parameter },
    infer: sameAsFirst,
  }),
  SequenceAt: defineOp("SequenceAt", {
    since: 11,
    inputs: ["input_sequence", "position"],
    outputs: ["tensor"],
    roles: { position: parameter },
    infer: inferSequenceAt,
  }),
  SequenceLength: defineOp("SequenceLength", {
    since: 11,
    inputs: ["input_sequence"],
    outputs: ["length"],
    infer: scalarOf(tensorType("int64", [])),
  }),
  ConcatFromSequence: defineOp("ConcatFromSequence", {
    since: 11,
    inputs: ["input_sequence"],
    outputs: ["concat_result"],
    attributes: { axis: required(int()), new_axis: int(0) },
    infer: inferConcatFromSequence,
  }),
  SplitToSequence: defineOp("SplitToSequence", {
    since: 11,
    inputs: ["input", "split?"],
    outputs: ["output_sequence"],
    attributes: { axis: int(0), keepdims: int(1) },
    roles: { split: parameter },
    infer: inferSplitToSequence,
  }),
  Optional: defineOp("Optional", {
    since: 15,
    inputs: ["input?"],
    outputs: ["output"],
    attributes: { type: typeProto() },
    infer: inferOptional,
  }),
  OptionalGetElement: defineOp("OptionalGetElement", {
    since: (node) => (node.inputs[0]?.type?.kind === "optional" ? 15 : 18),
    inputs: ["input"],
    outputs: ["output"],
    infer: inferOptionalGetElement,
  }),
  OptionalHasElement: defineOp("OptionalHasElement", {
    since: (node) => (node.inputs[0]?.type?.kind === "optional" ? 15 : 18),
    inputs: ["input?"],
    outputs: ["output"],
    infer: scalarOf(tensorType("bool", [])),
  }),
};
