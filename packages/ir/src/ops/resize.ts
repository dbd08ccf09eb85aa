import { defineOp, float, int, ints, required, string } from "./define-op.ts";
import {
  inferAffineGrid,
  inferCol2Im,
  inferDepthToSpace,
  inferGridSample,
  inferResize,
  inferSpaceToDepth,
} from "./infer-resize.ts";
import type { Since } from "./define-op.ts";

const parameter = { role: "parameter" } as const;

const sinceOfResize: Since = (node) => {
  if (node.attributes.has("axes") || node.attributes.has("antialias")) return 18;
  if (node.string("keep_aspect_ratio_policy", "stretch") !== "stretch") return 18;
  if (node.string("coordinate_transformation_mode", "half_pixel") === "half_pixel_symmetric") return 19;
  return node.inputs[1] ? 11 : 13;
};

/** Ops that resample images or regroup their pixels. */
export const resizeOps = {
  Resize: defineOp("Resize", {
    since: sinceOfResize,
    inputs: ["X", "roi?", "scales?", "sizes?"],
    outputs: ["Y"],
    attributes: {
      antialias: int(0),
      axes: ints(),
      coordinate_transformation_mode: string("half_pixel"),
      cubic_coeff_a: float(-0.75),
      exclude_outside: int(0),
      extrapolation_value: float(0),
      keep_aspect_ratio_policy: string("stretch"),
      mode: string("nearest"),
      nearest_mode: string("round_prefer_floor"),
    },
    roles: { roi: parameter, scales: parameter, sizes: parameter },
    infer: inferResize,
  }),
  DepthToSpace: defineOp("DepthToSpace", {
    since: (node) => (node.attributes.has("mode") ? 11 : 1),
    inputs: ["input"],
    outputs: ["output"],
    attributes: { blocksize: required(int()), mode: string("DCR") },
    traits: ["keepsScale"],
    infer: inferDepthToSpace,
  }),
  SpaceToDepth: defineOp("SpaceToDepth", {
    since: 1,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { blocksize: required(int()) },
    traits: ["keepsScale"],
    infer: inferSpaceToDepth,
  }),
  GridSample: defineOp("GridSample", {
    since: (node) =>
      ["linear", "cubic"].includes(node.string("mode", "linear")) || node.inputs[0]?.shape?.length !== 4 ? 20 : 16,
    inputs: ["X", "grid"],
    outputs: ["Y"],
    attributes: { align_corners: int(0), mode: string("linear"), padding_mode: string("zeros") },
    roles: { grid: parameter },
    infer: inferGridSample,
  }),
  AffineGrid: defineOp("AffineGrid", {
    since: 20,
    inputs: ["theta", "size"],
    outputs: ["grid"],
    attributes: { align_corners: int(0) },
    roles: { size: parameter },
    infer: inferAffineGrid,
  }),
  Col2Im: defineOp("Col2Im", {
    since: 18,
    inputs: ["input", "image_shape", "block_shape"],
    outputs: ["output"],
    attributes: { dilations: ints(), pads: ints(), strides: ints() },
    roles: { image_shape: parameter, block_shape: parameter },
    infer: inferCol2Im,
  }),
};
