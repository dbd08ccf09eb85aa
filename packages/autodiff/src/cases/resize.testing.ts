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
