import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

/** Pooling over windows of 1, 2 and 3 spatial axes, and over whole planes. */
export const poolingCases: readonly GradientCase[] = [
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
      "one-sided pads",
      "(double[1,2,5,6] x) => (y) { y = MaxPool <kernel_shape = [3,2], strides = [2,1], pads = [0,1,2,0]> (x) }",
    ],
    [
      "SAME_UPPER",
      '(double[1,1,5,6] x) => (y) { y = MaxPool <kernel_shape = [3,4], strides = [2,3], auto_pad = "SAME_UPPER"> (x) }',
    ],
    [
      "VALID",
      '(double[1,1,5,6] x) => (y) { y = MaxPool <kernel_shape = [2,3], strides = [2,2], auto_pad = "VALID"> (x) }',
    ],
    [
      "1-D, dilations, pads and ceil_mode",
      "(double[2,1,8] x) => (y) { y = MaxPool <kernel_shape = [3], dilations = [2], strides = [2], pads = [1,2], ceil_mode = 1> (x) }",
    ],
    [
      "3-D overlapping, ceil_mode, pads",
      "(double[1,1,4,5,4] x) => (y) { y = MaxPool <kernel_shape = [2,3,3], strides = [1,2,2], pads = [0,1,1,1,0,1], ceil_mode = 1> (x) }",
    ],
    [
      "indices by columns",
      "(double[1,1,4,4] x) => (y, i) { y, i = MaxPool <kernel_shape = [2,2], strides = [2,2], storage_order = 1> (x) }",
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
    [
      "SAME_LOWER, pads counted",
      '(double[1,1,5,6] x) => (y) { y = AveragePool <kernel_shape = [2,3], strides = [2,2], auto_pad = "SAME_LOWER", count_include_pad = 1> (x) }',
    ],
    ["VALID", '(double[1,1,5,6] x) => (y) { y = AveragePool <kernel_shape = [2,3], auto_pad = "VALID"> (x) }'],
    [
      "overlapping, ceil_mode, one-sided pads not counted",
      "(double[1,1,6,5] x) => (y) { y = AveragePool <kernel_shape = [3,3], strides = [2,2], pads = [1,0,0,1], ceil_mode = 1> (x) }",
    ],
    [
      "overlapping, ceil_mode, one-sided pads counted",
      "(double[1,1,6,5] x) => (y) { y = AveragePool <kernel_shape = [3,3], strides = [2,2], pads = [1,0,0,1], ceil_mode = 1, count_include_pad = 1> (x) }",
    ],
    [
      "1-D, dilations, pads, ceil_mode",
      "(double[2,1,8] x) => (y) { y = AveragePool <kernel_shape = [3], dilations = [2], strides = [2], pads = [1,2], ceil_mode = 1> (x) }",
    ],
    [
      "3-D overlapping, pads counted",
      "(double[1,1,3,4,3] x) => (y) { y = AveragePool <kernel_shape = [2,3,2], strides = [1,2,1], pads = [1,1,0,0,1,1], count_include_pad = 1> (x) }",
    ],
  ),
  ...casesOf(
    "AveragePoolGrad",
    [
      "pads not counted",
      "(double[1,1,3,3] dy, double[1,1,5,5] x) => (dx) { dx = lowbit.AveragePoolGrad <kernel_shape = [3,3], strides = [2,2], pads = [1,1,1,1]> (dy, x) }",
    ],
    [
      "pads counted, dilations, ceil_mode",
      "(double[1,1,3,2] dy, double[1,1,6,5] x) => (dx) { dx = lowbit.AveragePoolGrad <kernel_shape = [2,3], dilations = [2,1], strides = [2,2], pads = [1,0,0,0], ceil_mode = 1, count_include_pad = 1> (dy, x) }",
    ],
    [
      "SAME_UPPER",
      '(double[1,1,3,3] dy, double[1,1,5,6] x) => (dx) { dx = lowbit.AveragePoolGrad <kernel_shape = [2,3], strides = [2,2], auto_pad = "SAME_UPPER"> (dy, x) }',
    ],
  ),
  ...casesOf(
    "GlobalAveragePool",
    ["2-D", "(double[2,3,4,5] x) => (y) { y = GlobalAveragePool (x) }"],
    ["1-D", "(double[2,3,4] x) => (y) { y = GlobalAveragePool (x) }"],
    ["3-D", "(double[1,2,2,3,2] x) => (y) { y = GlobalAveragePool (x) }"],
  ),
  ...casesOf(
    "GlobalMaxPool",
    ["2-D", "(double[2,3,4,5] x) => (y) { y = GlobalMaxPool (x) }"],
    ["1-D", "(double[2,3,4] x) => (y) { y = GlobalMaxPool (x) }"],
    ["3-D", "(double[1,2,2,3,2] x) => (y) { y = GlobalMaxPool (x) }"],
  ),
  ...casesOf(
    "GlobalLpPool",
    ["p = 2", "(double[2,3,4,5] x) => (y) { y = GlobalLpPool (x) }"],
    ["p = 1", "(double[2,3,4] x) => (y) { y = GlobalLpPool <p = 1> (x) }"],
    ["p = 3", "(double[2,3,4] x) => (y) { y = GlobalLpPool <p = 3> (x) }"],
  ),
];
