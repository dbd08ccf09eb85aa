import { defineOp, int, ints, required, string, type Trait } from "./define-op.ts";
import {
  inferFlatten,
  inferReshape,
  inferShape,
  inferSize,
  inferSqueeze,
  inferTranspose,
  inferUnsqueeze,
} from "./infer-reshape.ts";
import { inferCenterCropPad, inferPad, inferSlice } from "./infer-slice.ts";
import { inferConcat, inferExpand, inferSplit, inferTile } from "./infer-tile.ts";

const keepsScale: readonly Trait[] = ["keepsScale"];
const parameter = { role: "parameter" } as const;

/** Ops that move elements without computing: their result's elements are the operand's. */
export const shapeOps = {
  Shape: defineOp("Shape", {
    since: (node) => (node.attributes.has("start") || node.attributes.has("end") ? 15 : 1),
    inputs: ["data"],
    outputs: ["shape"],
    attributes: { end: int(), start: int(0) },
    traits: ["shapeOnly"],
    infer: inferShape,
  }),
  Size: defineOp("Size", { since: 1, inputs: ["data"], outputs: ["size"], traits: ["shapeOnly"], infer: inferSize }),
  Reshape: defineOp("Reshape", {
    since: (node) => (node.int("allowzero", 0) !== 0 ? 14 : 5),
    inputs: ["data", "shape"],
    outputs: ["reshaped"],
    attributes: { allowzero: int(0) },
    traits: keepsScale,
    roles: { shape: parameter },
    infer: inferReshape,
  }),
  Flatten: defineOp("Flatten", {
    since: (node) => (node.int("axis", 1) < 0 ? 11 : 1),
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: int(1) },
    traits: keepsScale,
    infer: inferFlatten,
  }),
  Squeeze: defineOp("Squeeze", {
    since: (node) => (node.inputs[1] ? 13 : 1),
    inputs: ["data", "axes?"],
    outputs: ["squeezed"],
    traits: keepsScale,
    roles: { axes: parameter },
    infer: inferSqueeze,
  }),
  Unsqueeze: defineOp("Unsqueeze", {
    since: 13,
    inputs: ["data", "axes"],
    outputs: ["expanded"],
    traits: keepsScale,
    roles: { axes: parameter },
    infer: inferUnsqueeze,
  }),
  Transpose: defineOp("Transpose", {
    since: 1,
    inputs: ["data"],
    outputs: ["transposed"],
    attributes: { perm: ints() },
    traits: keepsScale,
    infer: inferTranspose,
  }),
  Expand: defineOp("Expand", {
    since: 8,
    inputs: ["input", "shape"],
    outputs: ["output"],
    traits: keepsScale,
    roles: { shape: parameter },
    infer: inferExpand,
  }),
  Tile: defineOp("Tile", {
    since: 6,
    inputs: ["input", "repeats"],
    outputs: ["output"],
    traits: keepsScale,
    roles: { repeats: parameter },
    infer: inferTile,
  }),
  Concat: defineOp("Concat", {
    since: (node) => (node.int("axis", 0) < 0 ? 11 : 4),
    inputs: ["inputs..."],
    outputs: ["concat_result"],
    attributes: { axis: required(int()) },
    traits: keepsScale,
    infer: inferConcat,
  }),
  Split: defineOp("Split", {
    since: (node) => (node.attributes.has("num_outputs") ? 18 : node.inputs[1] ? 13 : node.int("axis", 0) < 0 ? 11 : 2),
    inputs: ["input", "split?"],
    outputs: ["outputs..."],
    attributes: { axis: int(0), num_outputs: int() },
    traits: keepsScale,
    roles: { split: parameter },
    infer: inferSplit,
  }),
  Slice: defineOp("Slice", {
    since: 10,
    inputs: ["data", "starts", "ends", "axes?", "steps?"],
    outputs: ["output"],
    traits: keepsScale,
    roles: { starts: parameter, ends: parameter, axes: parameter, steps: parameter },
    infer: inferSlice,
  }),
  Pad: defineOp("Pad", {
    since: (node) => (node.string("mode", "constant") === "wrap" ? 19 : node.inputs[3] ? 18 : 11),
    inputs: ["data", "pads", "constant_value?", "axes?"],
    outputs: ["output"],
    attributes: { mode: string("constant") },
    roles: { pads: parameter, constant_value: parameter, axes: parameter },
    infer: inferPad,
  }),
  CenterCropPad: defineOp("CenterCropPad", {
    since: 18,
    inputs: ["input_data", "shape"],
    outputs: ["output_data"],
    attributes: { axes: ints() },
    roles: { shape: parameter },
    infer: inferCenterCropPad,
  }),
};
