import { defineOp, float, int, ints, required, string } from "./define-op.ts";
import { inferGlobalPool, inferMaxUnpool, inferPool, inferRoiPool } from "./infer-pool.ts";
import type { InferContext, Since } from "./define-op.ts";

/** Attributes of windows that have no weights. */
export const poolAttributes = {
  auto_pad: string("NOTSET"),
  ceil_mode: int(0),
  dilations: ints(),
  kernel_shape: required(ints()),
  pads: ints(),
  strides: ints(),
};

// An attribute counts even where it holds its default: readers of older opsets refuse a name they do not know.
const sinceOfMaxPool: Since = (node) => {
  const uses8Bit = node.inputs[0]?.dtype === "int8" || node.inputs[0]?.dtype === "uint8";
  if (uses8Bit) return 12;
  if (node.attributes.has("dilations") || node.attributes.has("ceil_mode")) return 10;
  return node.outputs.length > 1 || node.attributes.has("storage_order") ? 8 : 1;
};

const sinceOfAveragePool: Since = (node) => {
  if (node.attributes.has("dilations")) return 19;
  if (node.attributes.has("ceil_mode")) return 10;
  return node.attributes.has("count_include_pad") ? 7 : 1;
};

/** Pooling: windows, and whole channels. */
export const poolOps = {
  MaxPool: defineOp("MaxPool", {
    since: sinceOfMaxPool,
    inputs: ["X"],
    outputs: ["Y", "Indices?"],
    attributes: { ...poolAttributes, storage_order: int(0) },
    traits: ["keepsScale"],
    infer: inferPool,
  }),
  AveragePool: defineOp("AveragePool", {
    since: sinceOfAveragePool,
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { ...poolAttributes, count_include_pad: int(0) },
    infer: onlyFirst(inferPool),
  }),
  LpPool: defineOp("LpPool", {
    since: (node) => (node.attributes.has("dilations") || node.attributes.has("ceil_mode") ? 18 : 2),
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { ...poolAttributes, p: int(2) },
    infer: onlyFirst(inferPool),
  }),
  GlobalAveragePool: defineOp("GlobalAveragePool", {
    since: 1,
    inputs: ["X"],
    outputs: ["Y"],
    traits: ["reduction"],
    infer: inferGlobalPool,
  }),
  GlobalMaxPool: defineOp("GlobalMaxPool", {
    since: 1,
    inputs: ["X"],
    outputs: ["Y"],
    traits: ["reduction", "keepsScale"],
    infer: inferGlobalPool,
  }),
  GlobalLpPool: defineOp("GlobalLpPool", {
    since: 2,
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { p: int(2) },
    traits: ["reduction"],
    infer: inferGlobalPool,
  }),
  MaxUnpool: defineOp("MaxUnpool", {
    since: 9,
    inputs: ["X", "I", "output_shape?"],
    outputs: ["output"],
    attributes: { kernel_shape: required(ints()), pads: ints(), strides: ints() },
    roles: { I: { role: "parameter" }, output_shape: { role: "parameter" } },
    infer: inferMaxUnpool,
  }),
  MaxRoiPool: defineOp("MaxRoiPool", {
    since: 1,
    inputs: ["X", "rois"],
    outputs: ["Y"],
    attributes: { pooled_shape: required(ints()), spatial_scale: float(1) },
    roles: { rois: { role: "parameter" } },
    infer: inferRoiPool((context) => context.node.ints("pooled_shape", [])),
  }),
  RoiAlign: defineOp("RoiAlign", {
    since: 16,
    inputs: ["X", "rois", "batch_indices"],
    outputs: ["Y"],
    attributes: {
      coordinate_transformation_mode: string("half_pixel"),
      mode: string("avg"),
      output_height: int(1),
      output_width: int(1),
      sampling_ratio: int(0),
      spatial_scale: float(1),
    },
    roles: { rois: { role: "parameter" }, batch_indices: { role: "parameter" } },
    infer: inferRoiPool(({ node }) => [node.int("output_height", 1), node.int("output_width", 1)]),
  }),
};

function onlyFirst(infer: typeof inferPool): typeof inferPool {
  return (context: InferContext) => ({ types: infer(context).types.slice(0, 1) });
}
