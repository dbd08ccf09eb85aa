import { defineOp, int, string } from "./define-op.ts";
import { sameAsFirst } from "./infer-elementwise.ts";
import {
  inferCompress,
  inferGather,
  inferGatherElements,
  inferGatherND,
  inferNonMaxSuppression,
  inferNonZero,
  inferOneHot,
  inferScatterElements,
  inferScatterND,
  inferTensorScatter,
  inferUnique,
  inferWhere,
} from "./infer-gather.ts";

const parameter = { role: "parameter" } as const;

/** Ops that pick, place or find elements by index or condition. */
export const gatherOps = {
  Gather: defineOp("Gather", {
    since: (node) => (node.int("axis", 0) < 0 ? 11 : 1),
    inputs: ["data", "indices"],
    outputs: ["output"],
    attributes: { axis: int(0) },
    traits: ["keepsScale"],
    roles: { indices: parameter },
    infer: inferGather,
  }),
  GatherElements: defineOp("GatherElements", {
    since: 11,
    inputs: ["data", "indices"],
    outputs: ["output"],
    attributes: { axis: int(0) },
    traits: ["keepsScale"],
    roles: { indices: parameter },
    infer: inferGatherElements,
  }),
  GatherND: defineOp("GatherND", {
    since: (node) => (node.int("batch_dims", 0) !== 0 ? 12 : 11),
    inputs: ["data", "indices"],
    outputs: ["output"],
    attributes: { batch_dims: int(0) },
    traits: ["keepsScale"],
    roles: { indices: parameter },
    infer: inferGatherND,
  }),
  ScatterElements: defineOp("ScatterElements", {
    since: (node) => sinceOfReduction(node.string("reduction", "none")),
    inputs: ["data", "indices", "updates"],
    outputs: ["output"],
    attributes: { axis: int(0), reduction: string("none") },
    roles: { indices: parameter },
    infer: inferScatterElements,
  }),
  ScatterND: defineOp("ScatterND", {
    since: (node) => sinceOfReduction(node.string("reduction", "none")),
    inputs: ["data", "indices", "updates"],
    outputs: ["output"],
    attributes: { reduction: string("none") },
    roles: { indices: parameter },
    infer: inferScatterND,
  }),
  TensorScatter: defineOp("TensorScatter", {
    since: 24,
    inputs: ["past_cache", "update", "write_indices?"],
    outputs: ["present_cache"],
    attributes: { axis: int(-2), mode: string("linear") },
    roles: { write_indices: parameter },
    infer: inferTensorScatter,
  }),
  OneHot: defineOp("OneHot", {
    since: (node) => (node.int("axis", -1) < -1 ? 11 : 9),
    inputs: ["indices", "depth", "values"],
    outputs: ["output"],
    attributes: { axis: int(-1) },
    roles: { depth: parameter, values: parameter },
    infer: inferOneHot,
  }),
  Where: defineOp("Where", {
    since: (node) => (node.inputs[1]?.dtype === "bfloat16" ? 16 : 9),
    inputs: ["condition", "X", "Y"],
    outputs: ["output"],
    traits: ["elementwise"],
    roles: { condition: parameter },
    infer: inferWhere,
  }),
  NonZero: defineOp("NonZero", { since: 9, inputs: ["X"], outputs: ["Y"], infer: inferNonZero }),
  Compress: defineOp("Compress", {
    since: (node) => (node.int("axis", 0) < 0 ? 11 : 9),
    inputs: ["input", "condition"],
    outputs: ["output"],
    attributes: { axis: int() },
    traits: ["keepsScale"],
    roles: { condition: parameter },
    infer: inferCompress,
  }),
  Unique: defineOp("Unique", {
    since: 11,
    inputs: ["X"],
    outputs: ["Y", "indices?", "inverse_indices?", "counts?"],
    attributes: { axis: int(), sorted: int(1) },
    traits: ["keepsScale"],
    infer: inferUnique,
  }),
  ReverseSequence: defineOp("ReverseSequence", {
    since: 10,
    inputs: ["input", "sequence_lens"],
    outputs: ["Y"],
    attributes: { batch_axis: int(1), time_axis: int(0) },
    traits: ["keepsScale"],
    roles: { sequence_lens: parameter },
    infer: sameAsFirst,
  }),
  Trilu: defineOp("Trilu", {
    since: 14,
    inputs: ["input", "k?"],
    outputs: ["output"],
    attributes: { upper: int(1) },
    roles: { k: parameter },
    infer: sameAsFirst,
  }),
  NonMaxSuppression: defineOp("NonMaxSuppression", {
    since: 10,
    inputs: ["boxes", "scores", "max_output_boxes_per_class?", "iou_threshold?", "score_threshold?"],
    outputs: ["selected_indices"],
    attributes: { center_point_box: int(0) },
    roles: { max_output_boxes_per_class: parameter, iou_threshold: parameter, score_threshold: parameter },
    infer: inferNonMaxSuppression,
  }),
};

function sinceOfReduction(reduction: string): number {
  if (reduction === "min" || reduction === "max") return 18;
  return reduction === "none" ? 11 : 16;
}
