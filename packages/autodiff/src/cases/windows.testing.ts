import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

/** Convolutions and pooling: 1, 2 and 3 spatial axes, strides, dilations, groups and every way to pad. */
export const windowCases: readonly GradientCase[] = [
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
  ),
  ...casesOf("ConvGradInput", [
    "strides, pads and groups",
    "(double[1,4,3,3] dy, double[4,1,3,3] w, double[1,2,5,5] x) => (dx) { dx = lowbit.ConvGradInput <group = 2, strides = [2,2], pads = [1,1,1,1]> (dy, w, x) }",
  ]),
  ...casesOf("ConvGradWeight", [
    "strides, pads and groups",
    "(double[1,4,3,3] dy, double[1,2,5,5] x, double[4,1,3,3] w) => (dw) { dw = lowbit.ConvGradWeight <group = 2, strides = [2,2], pads = [1,1,1,1]> (dy, x, w) }",
  ]),
  ...casesOf(
    "MaxPool",
    ["1-D", "(double[2,2,7] x) => (y) { y = MaxPool <kernel_shape = [3], strides = [2]> (x) }"],
    [
      "2-D overlapping",
      "(double[1,2,6,6] x) => (y) { y = MaxPool <kernel_shape = [3,3], strides = [2,2], pads = [1,1,1,1]> (x) }",
    ],
    [
      "ceil_mode",
      "(double[1,2,6,5] x) => (y) { y = MaxPool <kernel_shape = [2,2], strides = [2,2], ceil_mode = 1> (x) }",
    ],
    ["dilations", "(double[1,1,6,7] x) => (y) { y = MaxPool <kernel_shape = [2,3], dilations = [2,2]> (x) }"],
    [
      "SAME_LOWER",
      '(double[1,1,5,6] x) => (y) { y = MaxPool <kernel_shape = [2,3], strides = [2,2], auto_pad = "SAME_LOWER"> (x) }',
    ],
    [
      "3-D with indices",
      "(double[1,1,4,4,4] x) => (y, i) { y, i = MaxPool <kernel_shape = [2,2,2], strides = [2,2,2]> (x) }",
    ],
  ),
  ...casesOf(
    "AveragePool",
    ["1-D", "(double[2,2,7] x) => (y) { y = AveragePool <kernel_shape = [3], strides = [2]> (x) }"],
    ["pads not counted", "(double[1,2,5,5] x) => (y) { y = AveragePool <kernel_shape = [3,3], pads = [1,1,1,1]> (x) }"],
    [
      "pads counted",
      "(double[1,2,5,5] x) => (y) { y = AveragePool <kernel_shape = [3,3], pads = [1,0,0,1], count_include_pad = 1> (x) }",
    ],
    [
      "ceil_mode",
      "(double[1,1,6,5] x) => (y) { y = AveragePool <kernel_shape = [3,3], strides = [2,2], ceil_mode = 1> (x) }",
    ],
    ["dilations", "(double[1,1,6,7] x) => (y) { y = AveragePool <kernel_shape = [2,3], dilations = [2,2]> (x) }"],
    [
      "SAME_UPPER",
      '(double[1,1,5,6] x) => (y) { y = AveragePool <kernel_shape = [2,3], strides = [2,2], auto_pad = "SAME_UPPER"> (x) }',
    ],
    ["3-D", "(double[1,1,4,4,4] x) => (y) { y = AveragePool <kernel_shape = [2,2,2], strides = [2,2,2]> (x) }"],
  ),
  ...casesOf("AveragePoolGrad", [
    "pads not counted",
    "(double[1,1,3,3] dy, double[1,1,5,5] x) => (dx) { dx = lowbit.AveragePoolGrad <kernel_shape = [3,3], strides = [2,2], pads = [1,1,1,1]> (dy, x) }",
  ]),
  ...casesOf(
    "GlobalAveragePool",
    ["2-D", "(double[2,3,4,5] x) => (y) { y = GlobalAveragePool (x) }"],
    ["1-D", "(double[2,3,4] x) => (y) { y = GlobalAveragePool (x) }"],
  ),
  ...casesOf("GlobalMaxPool", ["2-D", "(double[2,3,4,5] x) => (y) { y = GlobalMaxPool (x) }"]),
  ...casesOf(
    "GlobalLpPool",
    ["p = 2", "(double[2,3,4,5] x) => (y) { y = GlobalLpPool (x) }"],
    ["p = 1", "(double[2,3,4] x) => (y) { y = GlobalLpPool <p = 1> (x) }"],
    ["p = 3", "(double[2,3,4] x) => (y) { y = GlobalLpPool <p = 3> (x) }"],
  ),
];
