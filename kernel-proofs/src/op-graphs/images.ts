import { attributes, every, type Kind, type OpGraph } from "./op-graph.ts";

type Attributes = Parameters<typeof attributes>[0];

/** How positions of the result are mapped to positions of the operand. */
const coordinates = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_half_pixel_for_nn",
] as const;

/** How a position between two elements is rounded. */
const roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] as const;

const resize = (name: string, given: Attributes, operands: string, data: string, more?: Partial<Kind>): Kind => ({
  name,
  x: [2, 3, 4, 5],
  data,
  body: `r = Resize ${attributes(given)}(xd, ${operands})`,
  result: "moved",
  ...more,
});

const byScales = [", by", "float[4] by = {1.0, 1.0, 2.0, 1.6}"] as const;
/** In ratios that float32 holds exactly: beside ties, the order of operations would decide. */
const bySizes = [", , to", "int64[4] to = {2, 3, 3, 10}"] as const;

const resizes: readonly Kind[] = [
  {
    ...resize(
      "to twice the size",
      { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
      ", by",
      "float[4] by = {1.0, 1.0, 2.0, 2.0}",
      { x: [2, 8, 4, 4] },
    ),
    isThorough: true,
  },
  resize("by default", {}, ...byScales),
  resize("to a size", {}, ...bySizes),
  ...coordinates.flatMap((coordinate_transformation_mode) =>
    roundings.flatMap((nearest_mode) => [
      resize(
        `by ${coordinate_transformation_mode} and ${nearest_mode}`,
        { coordinate_transformation_mode, nearest_mode },
        ...byScales,
      ),
      resize(
        `to a size by ${coordinate_transformation_mode} and ${nearest_mode}`,
        { coordinate_transformation_mode, nearest_mode },
        ...bySizes,
      ),
    ]),
  ),
  resize("of some axes", { axes: [2, 3] }, ", by", "float[2] by = {3.0, 0.5}"),
  resize("of axes counted from the end", { axes: [-1, -2] }, ", , to", "int64[2] to = {9, 2}"),
  resize("of batches and channels too", {}, ", by", "float[4] by = {2.0, 2.0, 1.0, 3.0}"),
  resize("along one axis", {}, ", by", "float[3] by = {1.0, 1.0, 2.5}", { x: [2, 3, 7] }),
  resize("along three axes", {}, ", by", "float[5] by = {1.0, 1.0, 2.0, 0.5, 1.5}", { x: [1, 2, 3, 4, 5] }),
  ...["not_larger", "not_smaller"].map((keep_aspect_ratio_policy) =>
    resize(keep_aspect_ratio_policy, { keep_aspect_ratio_policy, axes: [2, 3] }, ", , to", "int64[2] to = {7, 6}"),
  ),
  ...[
    { name: "cut out", region: "0.2, 0.1, 1.0, 1.0, 0.9, 0.8", given: {} },
    { name: "cut out, wider than the image", region: "-0.4, 0.1, 1.0, 1.0, 1.3, 0.8", given: {} },
    {
      name: "cut out, filled with a number",
      region: "-0.4, 0.1, 1.0, 1.0, 1.3, 0.8",
      given: { extrapolation_value: 0.5 },
    },
  ].map(({ name, region, given }) =>
    resize(
      name,
      { coordinate_transformation_mode: "tf_crop_and_resize", ...given },
      "region, by",
      `${byScales[1]}, float[8] region = {0.0, 0.0, ${region}}`,
    ),
  ),
  resize("linear", { mode: "linear" }, ...byScales),
  resize("linear without aliases", { mode: "linear", antialias: 1 }, ...bySizes),
  resize("cubic", { mode: "cubic", cubic_coeff_a: -0.5, exclude_outside: 1 }, ...byScales),
];

const pad = (name: string, x: readonly number[], pads: readonly number[], given: Attributes = {}, more = ""): Kind => ({
  name,
  x,
  data: [`int64[${pads.length}] pads = {${pads.join(", ")}}`, ...(more === "" ? [] : [more])].join(", "),
  body: `r = Pad ${attributes(given)}(xd, pads)`,
  result: "moved",
});

const pads: readonly Kind[] = [
  { ...pad("channels and a plane", [2, 8, 5, 5], [0, 3, 1, 0, 0, 5, 0, 2]), isThorough: true },
  pad("named constant", [3, 5], [1, 0, 2, 1], { mode: "constant" }),
  { ...pad("with 0", [3, 5], [1, 0, 2, 1], {}, "float fill = {0.0}"), body: "r = Pad (xd, pads, fill)" },
  { ...pad("with -0", [3, 5], [1, 0, 2, 1], {}, "float fill = {-0.0}"), body: "r = Pad (xd, pads, fill)" },
  { ...pad("of one axis", [3, 5], [2, 1], {}, "int64[1] at = {1}"), body: "r = Pad (xd, pads, , at)" },
  {
    ...pad("of axes from the end", [2, 3, 5], [2, 0, 1, 1], {}, "int64[2] at = {-1, 0}"),
    body: "r = Pad (xd, pads, , at)",
  },
  pad("that cuts", [4, 6], [-1, 2, 0, -3]),
  pad("of nothing", [4, 6], [0, 0, 0, 0]),
  { ...pad("with 1", [3, 5], [1, 0, 2, 1], {}, "float fill = {1.0}"), body: "r = Pad (xd, pads, fill)" },
  ...["reflect", "edge", "wrap"].map((mode) => pad(`by ${mode}`, [3, 5], [1, 0, 2, 1], { mode })),
];

/** Graphs of ops on images that only move elements. */
export const images: readonly OpGraph[] = [
  ...every("Resize", resizes),
  ...every("Pad", pads),
  ...every("DepthToSpace", [
    {
      name: "blocks of 2",
      x: [2, 8, 3, 3],
      body: "r = DepthToSpace <blocksize = 2> (xd)",
      result: "moved",
      isThorough: true,
    },
    {
      name: "blocks of 3 by columns and rows",
      x: [1, 18, 2, 3],
      body: `r = DepthToSpace <blocksize = 3, mode = "CRD"> (xd)`,
      result: "moved",
    },
    {
      name: "blocks of 2 by depth",
      x: [1, 8, 2, 3],
      body: `r = DepthToSpace <blocksize = 2, mode = "DCR"> (xd)`,
      result: "moved",
    },
  ]),
];
