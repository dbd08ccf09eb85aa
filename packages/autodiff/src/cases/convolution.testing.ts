import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

/** Convolutions of 1, 2 and 3 spatial axes: strides, dilations, groups and every way to pad. */
export const convolutionCases: readonly GradientCase[] = [
  ...casesOf(
    "Conv",
    ["1-D", "(double[2,3,7] x, double[4,3,3] w, double[4] b) => (y) { y = Conv (x, w, b) }"],
    ["2-D", "(double[2,3,5,6] x, double[4,3,3,2] w, double[4] b) => (y) { y = Conv (x, w, b) }"],
    [
      "3-D",
      "(double[1,2,4,3,5] x, double[3,2,2,2,3] w, double[3] b) => (y) { y = Conv <pads = [1,0,1,0,1,0]> (x, w, b) }",
    ],
    ["1 x 1 without bias", "(double[2,3,4,4] x, double[5,3,1,1] w) => (y) { y = Conv (x, w) }"],
    [
      "strides and dilations that leave a rest",
      "(double[1,2,8,9] x, double[3,2,3,2] w) => (y) { y = Conv <strides = [2,3], dilations = [1,2]> (x, w) }",
    ],
    [
      "asymmetric pads",
      "(double[1,2,5,4] x, double[3,2,3,3] w) => (y) { y = Conv <pads = [0,1,2,1], strides = [2,1]> (x, w) }",
    ],
    [
      "groups",
      "(double[2,4,5,5] x, double[6,2,3,3] w, double[6] b) => (y) { y = Conv <group = 2, pads = [1,1,1,1]> (x, w, b) }",
    ],
    [
      "depthwise",
      "(double[2,3,5,5] x, double[3,1,3,3] w) => (y) { y = Conv <group = 3, strides = [2,2], pads = [1,1,1,1]> (x, w) }",
    ],
    [
      "SAME_UPPER",
      '(double[1,2,5,6] x, double[2,2,2,3] w) => (y) { y = Conv <auto_pad = "SAME_UPPER", strides = [2,2]> (x, w) }',
    ],
    ["SAME_LOWER", '(double[1,2,5,6] x, double[2,2,2,4] w) => (y) { y = Conv <auto_pad = "SAME_LOWER"> (x, w) }'],
    [
      "VALID",
      '(double[1,2,5,6] x, double[2,2,2,3] w) => (y) { y = Conv <auto_pad = "VALID", kernel_shape = [2,3]> (x, w) }',
    ],
    [
      "1-D, everything at once",
      "(double[2,4,9] x, double[6,2,3] w, double[6] b) => (y) { y = Conv <group = 2, dilations = [2], strides = [3], pads = [2,1]> (x, w, b) }",
    ],
    [
      "2-D, everything at once",
      "(double[2,4,7,6] x, double[4,2,3,2] w, double[4] b) => (y) { y = Conv <group = 2, dilations = [2,3], strides = [3,2], pads = [2,0,1,3]> (x, w, b) }",
    ],
    [
      "3-D, everything at once",
      "(double[1,4,4,5,4] x, double[4,2,2,3,2] w, double[4] b) => (y) { y = Conv <group = 2, dilations = [2,1,3], strides = [1,2,2], pads = [0,1,2,1,0,1]> (x, w, b) }",
    ],
    [
      "1-D, SAME_UPPER with strides and dilations",
      '(double[1,2,8] x, double[2,2,3] w) => (y) { y = Conv <auto_pad = "SAME_UPPER", strides = [3], dilations = [2]> (x, w) }',
      { notOnRuntime: "it refuses dilations with SAME_UPPER" },
    ],
    [
      "3-D, SAME_LOWER with strides",
      '(double[1,2,3,4,3] x, double[2,2,2,2,3] w) => (y) { y = Conv <auto_pad = "SAME_LOWER", strides = [2,1,2]> (x, w) }',
    ],
    [
      "a kernel as large as the input",
      "(double[2,3,3,3] x, double[4,3,3,3] w, double[4] b) => (y) { y = Conv (x, w, b) }",
    ],
    ["1 x 1 with strides", "(double[1,3,5,4] x, double[2,3,1,1] w) => (y) { y = Conv <strides = [2,3]> (x, w) }"],
    [
      "depthwise with a multiplier and dilations",
      "(double[1,2,6,6] x, double[4,1,3,3] w, double[4] b) => (y) { y = Conv <group = 2, dilations = [2,2], pads = [2,2,2,2]> (x, w, b) }",
    ],
  ),
  ...casesOf(
    "ConvTranspose",
    ["1-D", "(double[2,3,4] x, double[3,2,3] w, double[2] b) => (y) { y = ConvTranspose <strides = [2]> (x, w, b) }"],
    [
      "2-D with pads",
      "(double[1,3,4,3] x, double[3,2,3,2] w, double[2] b) => (y) { y = ConvTranspose <strides = [2,1], pads = [1,0,0,1]> (x, w, b) }",
    ],
    [
      "output_padding",
      "(double[1,2,3,3] x, double[2,2,3,3] w) => (y) { y = ConvTranspose <strides = [2,2], pads = [1,1,1,1], output_padding = [1,1]> (x, w) }",
    ],
    [
      "dilations and groups",
      "(double[1,4,3,3] x, double[4,2,2,2] w, double[4] b) => (y) { y = ConvTranspose <group = 2, dilations = [2,1]> (x, w, b) }",
    ],
    [
      "output_shape",
      "(double[1,2,3,4] x, double[2,2,3,3] w) => (y) { y = ConvTranspose <strides = [2,2], output_shape = [6,8]> (x, w) }",
      { staticOnly: true },
    ],
    [
      "SAME_UPPER",
      '(double[1,2,3,4] x, double[2,2,3,3] w) => (y) <double z = {1}> { y = ConvTranspose <strides = [2,2], auto_pad = "SAME_UPPER"> (x, w) }',
      { staticOnly: true },
    ],
    [
      "SAME_LOWER",
      '(double[1,2,3,4] x, double[2,2,2,4] w) => (y) { y = ConvTranspose <auto_pad = "SAME_LOWER"> (x, w) }',
      { staticOnly: true },
    ],
    ["VALID", '(double[1,2,3,4] x, double[2,2,3,3] w) => (y) { y = ConvTranspose <auto_pad = "VALID"> (x, w) }'],
    ["3-D", "(double[1,2,2,3,2] x, double[2,1,2,2,2] w) => (y) { y = ConvTranspose <strides = [1,2,2]> (x, w) }"],
    [
      "1-D, everything at once",
      "(double[2,4,3] x, double[4,3,3] w, double[6] b) => (y) { y = ConvTranspose <group = 2, dilations = [2], strides = [3], pads = [1,2], output_padding = [2]> (x, w, b) }",
    ],
    [
      "3-D, everything at once",
      "(double[1,2,2,2,3] x, double[2,2,2,1,3] w, double[4] b) => (y) { y = ConvTranspose <group = 2, kernel_shape = [2,1,3], dilations = [2,1,1], strides = [1,2,2], pads = [0,0,1,1,0,0], output_padding = [0,1,1]> (x, w, b) }",
    ],
    [
      "depthwise",
      "(double[1,3,3,4] x, double[3,1,4,4] w) => (y) { y = ConvTranspose <group = 3, strides = [2,2], pads = [1,1,1,1]> (x, w) }",
    ],
    [
      "output_padding of a whole stride, which no input reaches",
      "(double[1,2,3,3] x, double[2,2,2,2] w, double[2] b) => (y) { y = ConvTranspose <dilations = [3,2], strides = [2,1], output_padding = [2,1]> (x, w, b) }",
      { notOnRuntime: "it refuses paddings of a whole stride" },
    ],
    [
      "output_shape with output_padding and groups",
      "(double[1,4,3,4] x, double[4,1,3,3] w) => (y) { y = ConvTranspose <group = 2, strides = [2,2], output_shape = [6,8], output_padding = [1,1]> (x, w) }",
      { staticOnly: true },
    ],
    [
      "output_shape larger than what the inputs reach",
      "(double[1,2,3] x, double[2,1,2] w, double[1] b) => (y) { y = ConvTranspose <strides = [2], output_shape = [9]> (x, w, b) }",
      { staticOnly: true, notOnRuntime: "it refuses results that no input reaches" },
    ],
    [
      "1-D, SAME_LOWER with dilations",
      '(double[1,2,4] x, double[2,2,3] w) => (y) { y = ConvTranspose <auto_pad = "SAME_LOWER", strides = [2], dilations = [2]> (x, w) }',
      { staticOnly: true },
    ],
  ),
  ...casesOf(
    "ConvGradInput",
    [
      "strides, pads and groups",
      "(double[1,4,3,3] dy, double[4,1,3,3] w, double[1,2,5,5] x) => (dx) { dx = lowbit.ConvGradInput <group = 2, strides = [2,2], pads = [1,1,1,1]> (dy, w, x) }",
    ],
    [
      "1-D, dilations and one-sided pads",
      "(double[2,3,4] dy, double[3,2,3] w, double[2,2,8] x) => (dx) { dx = lowbit.ConvGradInput <kernel_shape = [3], dilations = [3], strides = [1], pads = [0,2]> (dy, w, x) }",
    ],
    [
      "SAME_UPPER",
      '(double[1,2,3,2] dy, double[2,2,2,3] w, double[1,2,5,4] x) => (dx) { dx = lowbit.ConvGradInput <auto_pad = "SAME_UPPER", strides = [2,2]> (dy, w, x) }',
    ],
  ),
  ...casesOf(
    "ConvGradWeight",
    [
      "strides, pads and groups",
      "(double[1,4,3,3] dy, double[1,2,5,5] x, double[4,1,3,3] w) => (dw) { dw = lowbit.ConvGradWeight <group = 2, strides = [2,2], pads = [1,1,1,1]> (dy, x, w) }",
    ],
    [
      "1-D, dilations and one-sided pads",
      "(double[2,3,4] dy, double[2,2,8] x, double[3,2,3] w) => (dw) { dw = lowbit.ConvGradWeight <kernel_shape = [3], dilations = [3], strides = [1], pads = [0,2]> (dy, x, w) }",
    ],
    [
      "SAME_UPPER",
      '(double[1,2,3,2] dy, double[1,2,5,4] x, double[2,2,2,3] w) => (dw) { dw = lowbit.ConvGradWeight <auto_pad = "SAME_UPPER", strides = [2,2]> (dy, x, w) }',
    ],
  ),
];
