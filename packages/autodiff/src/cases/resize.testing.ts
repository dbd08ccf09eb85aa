import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

function scaled(shape: string, scales: string, attributes: string): string {
  const count = scales.split(",").length;
  return `(double[${shape}] x) => (y) <float[${count}] s = {${scales}}> { y = Resize <${attributes}> (x, , s) }`;
}

function sized(shape: string, sizes: string, attributes: string): string {
  const count = sizes.split(",").length;
  return `(double[${shape}] x) => (y) <int64[${count}] s = {${sizes}}> { y = Resize <${attributes}> (x, , , s) }`;
}

const floor = 'mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"';

/** Resize in its modes, by scales and by sizes. */
export const resizeCases: readonly GradientCase[] = casesOf(
  "Resize",
  ["nearest, doubled", scaled("2,2,3,2", "1,1,2,2", floor)],
  ["nearest, tripled in one axis", scaled("1,2,4", "1,1,3", 'mode = "nearest"')],
  ["nearest, to a size twice as large", sized("1,2,3,4", "1,2,6,8", 'mode = "nearest"')],
  ["nearest, by a fraction", scaled("1,2,4,5", "1,1,1.5,0.6", 'mode = "nearest"')],
  ["nearest, ceil", scaled("1,1,4,5", "1,1,2,2", 'mode = "nearest", nearest_mode = "ceil"')],
  ["nearest, halves down", sized("1,1,4,6", "1,1,2,3", 'mode = "nearest", nearest_mode = "round_prefer_floor"')],
  ["nearest, halves up", sized("1,1,4,6", "1,1,2,3", 'mode = "nearest", nearest_mode = "round_prefer_ceil"')],
  ["nearest, 3-D, doubled and tripled", scaled("1,1,2,3,2", "1,1,2,3,2", floor)],
  ["nearest, the batch as well", scaled("2,2,3", "2,1,2", floor)],
  [
    "nearest, align_corners",
    sized("1,1,3,4", "1,1,6,7", 'mode = "nearest", coordinate_transformation_mode = "align_corners"'),
  ],
  [
    "nearest, tf_half_pixel_for_nn",
    sized("1,1,3,4", "1,1,5,9", 'mode = "nearest", coordinate_transformation_mode = "tf_half_pixel_for_nn"'),
  ],
  [
    "linear, asymmetric",
    scaled("1,2,3,4", "1,1,2,1.5", 'mode = "linear", coordinate_transformation_mode = "asymmetric"'),
  ],
  [
    "linear, half_pixel_symmetric",
    scaled("1,1,5,7", "1,1,0.7,1.3", 'mode = "linear", coordinate_transformation_mode = "half_pixel_symmetric"'),
  ],
  ["linear, 1-D", sized("2,3,4", "2,3,7", 'mode = "linear", coordinate_transformation_mode = "align_corners"')],
  ["linear, 3-D", scaled("1,1,2,3,2", "1,1,2,1.5,2", 'mode = "linear"')],
  ["linear, half_pixel", scaled("1,2,3,4", "1,1,2,1.5", 'mode = "linear"')],
  ["linear, half_pixel, smaller", sized("1,2,6,7", "1,2,3,4", 'mode = "linear"')],
  [
    "linear, align_corners",
    sized("1,1,3,4", "1,1,5,7", 'mode = "linear", coordinate_transformation_mode = "align_corners"'),
  ],
  [
    "linear, pytorch_half_pixel to one",
    sized("1,1,3,4", "1,1,1,6", 'mode = "linear", coordinate_transformation_mode = "pytorch_half_pixel"'),
  ],
  ["linear, antialias", sized("1,1,6,8", "1,1,3,3", 'mode = "linear", antialias = 1')],
  ["linear, given axes", sized("2,4,3", "6", 'mode = "linear", axes = [1]')],
  ["cubic", scaled("1,1,4,5", "1,1,2,1.5", 'mode = "cubic"')],
  ["cubic, antialias", sized("1,1,7,8", "1,1,3,5", 'mode = "cubic", antialias = 1')],
  [
    "cubic, align_corners, given axes counted from the end",
    sized("1,4,5", "6,9", 'mode = "cubic", coordinate_transformation_mode = "align_corners", axes = [-1,-2]'),
    { notOnRuntime: "it has cubic interpolation for images of two and four axes only" },
  ],
  [
    "scales of the run",
    `(double[1,1,3,4] x, float[4] s) => (y) { y = Resize <mode = "linear"> (x, , s) }`,
    { given: { s: [1, 1, 2, 1.5] } },
  ],
  [
    "sizes of the run",
    `(double[1,1,3,4] x, int64[4] s) => (y) { y = Resize <mode = "linear"> (x, , , s) }`,
    { given: { s: [1, 1, 5, 2] }, notOnRuntime: "it refuses sizes of unknown number" },
  ],
  [
    "cubic, outside excluded",
    scaled("1,1,4,5", "1,1,1.5,2", 'mode = "cubic", exclude_outside = 1, cubic_coeff_a = -0.5'),
  ],
  [
    "a cut-out",
    `(double[1,1,4,5] x) => (y) <float[8] r = {0, 0, 0.1, -0.2, 1, 1, 0.8, 0.9}, int64[4] s = {1, 1, 3, 6}>
      { y = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize", extrapolation_value = 3.0> (x, r, , s) }`,
  ],
);
