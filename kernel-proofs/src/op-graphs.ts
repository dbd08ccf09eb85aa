/** A graph of one op between codes; operands and results are named as in `OpGraph`. */
export interface OpGraph {
  /** The op whose kernel it is about. */
  readonly op: string;
  /** The op and what is special. */
  readonly title: string;
  /** Dimensions of the inputs `x` and `z`, which come as codes and are read as `xd` and `zd`. */
  readonly x: readonly number[];
  readonly z?: readonly number[];
  /** Weights, read as `wd`; the scales run along `axis`. */
  readonly w?: { readonly dims: readonly number[]; readonly axis: number };
  /** An int32 bias with one element per channel, read as `bd`. */
  readonly bias?: boolean;
  /** More initializers, in the ONNX text form. */
  readonly data?: string;
  /** ONNX text that makes the float `r` (and `r2`). */
  readonly body: string;
  /** `quantized` results have parameters of their own, `moved` ones those of x; a `float` one is not quantized. */
  readonly result: "quantized" | "moved" | "softmax" | "float";
  /** How many results there are. Default 1. */
  readonly results?: number;
}

/** A graph of an op by what is special about it. */
type Kind = Omit<OpGraph, "op" | "title"> & { readonly name: string };

const every = (op: string, graphs: readonly Kind[]): readonly OpGraph[] =>
  graphs.map(({ name, ...graph }) => ({ op, title: `${op} ${name}`, ...graph }));

const conv = (name: string, x: readonly number[], w: readonly number[], attributes = "", bias = true): Kind => ({
  name,
  x,
  w: { dims: w, axis: 0 },
  bias,
  body: `r = Conv ${attributes} (xd, wd${bias ? ", bd" : ""})`,
  result: "quantized",
});

const convs = every("Conv", [
  conv("3x3", [2, 8, 9, 9], [16, 8, 3, 3], "<pads = [1, 1, 1, 1]>"),
  conv("3x3 of 3 channels", [1, 3, 9, 9], [7, 3, 3, 3], "<pads = [1, 1, 1, 1]>"),
  conv("3x3 of 16 channels with strides", [1, 16, 9, 9], [16, 16, 3, 3], "<pads = [1, 1, 1, 1], strides = [2, 2]>"),
  conv("3x3 with dilations, without a bias", [1, 8, 11, 11], [16, 8, 3, 3], "<dilations = [2, 2]>", false),
  conv("5x5 of one channel", [1, 1, 9, 9], [8, 1, 5, 5], "<pads = [2, 2, 2, 2]>"),
  conv("pointwise", [2, 32, 7, 7], [24, 32, 1, 1]),
  conv("pointwise of 33 channels", [1, 33, 5, 5], [9, 33, 1, 1]),
  conv("depthwise 3x3", [2, 16, 9, 9], [16, 1, 3, 3], "<group = 16, pads = [1, 1, 1, 1]>"),
  conv(
    "depthwise 5x5 with strides",
    [1, 24, 9, 9],
    [24, 1, 5, 5],
    "<group = 24, pads = [2, 2, 2, 2], strides = [2, 2]>",
  ),
  conv("depthwise of 5 channels", [1, 5, 9, 9], [5, 1, 3, 3], "<group = 5>"),
  conv("in two groups", [1, 8, 9, 9], [12, 4, 3, 3], "<group = 2, pads = [1, 1, 1, 1]>"),
  conv("one dimension", [2, 8, 20], [8, 8, 5]),
  conv("three dimensions", [1, 4, 5, 5, 5], [6, 4, 3, 3, 3]),
]);

const products = [
  ...every("Gemm", [
    {
      name: "transposed",
      x: [6, 32],
      w: { dims: [24, 32], axis: 0 },
      bias: true,
      body: "r = Gemm <transB = 1> (xd, wd, bd)",
      result: "quantized",
    },
    {
      name: "of 33 rows",
      x: [5, 33],
      w: { dims: [33, 17], axis: 1 },
      bias: true,
      body: "r = Gemm (xd, wd, bd)",
      result: "quantized",
    },
    {
      name: "with a float result",
      x: [5, 40],
      w: { dims: [40, 10], axis: 1 },
      bias: true,
      body: "r = Gemm (xd, wd, bd)",
      result: "float",
    },
  ]),
  ...every("MatMul", [
    {
      name: "of weights",
      x: [2, 6, 32],
      w: { dims: [32, 24], axis: 1 },
      body: "r = MatMul (xd, wd)",
      result: "quantized",
    },
    {
      name: "of 35 rows of weights",
      x: [5, 35],
      w: { dims: [35, 9], axis: 1 },
      body: "r = MatMul (xd, wd)",
      result: "quantized",
    },
    {
      name: "with a float result",
      x: [6, 32],
      w: { dims: [32, 24], axis: 1 },
      body: "r = MatMul (xd, wd)",
      result: "float",
    },
    { name: "of two activations", x: [2, 6, 16], z: [2, 16, 5], body: "r = MatMul (xd, zd)", result: "quantized" },
  ]),
] satisfies readonly OpGraph[];

const others = [
  ...every("Add", [
    { name: "of all pairs", x: [256, 256], z: [256, 256], body: "r = Add (xd, zd)", result: "quantized" },
    { name: "with one element", x: [256], z: [1], body: "r = Add (xd, zd)", result: "quantized" },
    { name: "of one element", x: [256], z: [1], body: "r = Add (zd, xd)", result: "quantized" },
    { name: "with a row", x: [3, 256], z: [256], body: "r = Add (xd, zd)", result: "quantized" },
  ]),
  ...every("Mul", [
    { name: "of all pairs", x: [256, 256], z: [256, 256], body: "r = Mul (xd, zd)", result: "quantized" },
    { name: "with one element", x: [256], z: [1], body: "r = Mul (xd, zd)", result: "quantized" },
    { name: "of one element", x: [256], z: [1], body: "r = Mul (zd, xd)", result: "quantized" },
    { name: "with a row", x: [3, 256], z: [256], body: "r = Mul (xd, zd)", result: "quantized" },
  ]),
  ...every("AveragePool", [
    {
      name: "3x3 with strides",
      x: [2, 8, 9, 9],
      body: "r = AveragePool <kernel_shape = [3, 3], strides = [2, 2]> (xd)",
      result: "quantized",
    },
    {
      name: "2x2 with padding",
      x: [1, 5, 8, 8],
      body: "r = AveragePool <kernel_shape = [2, 2], pads = [1, 1, 0, 0]> (xd)",
      result: "quantized",
    },
  ]),
  ...every("GlobalAveragePool", [
    { name: "of 7x7", x: [2, 17, 7, 7], body: "r = GlobalAveragePool (xd)", result: "quantized" },
    { name: "of 4x4", x: [2, 64, 4, 4], body: "r = GlobalAveragePool (xd)", result: "quantized" },
  ]),
  ...every("Sigmoid", [{ name: "of all codes", x: [256], body: "r = Sigmoid (xd)", result: "quantized" }]),
  ...every("LeakyRelu", [
    { name: "of all codes", x: [256], body: "r = LeakyRelu <alpha = 0.1> (xd)", result: "quantized" },
  ]),
  ...every("Softmax", [{ name: "of rows of 10", x: [40, 10], body: "r = Softmax (xd)", result: "softmax" }]),
  ...every("Concat", [
    { name: "of two", x: [2, 8, 5, 5], z: [2, 4, 5, 5], body: "r = Concat <axis = 1> (xd, zd)", result: "quantized" },
  ]),
  ...every("MaxPool", [
    {
      name: "3x3",
      x: [2, 8, 9, 9],
      body: "r = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (xd)",
      result: "moved",
    },
  ]),
  ...every("Resize", [
    {
      name: "to twice the size",
      x: [2, 8, 4, 4],
      data: "float[4] by = {1.0, 1.0, 2.0, 2.0}",
      body: `r = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (xd, , by)`,
      result: "moved",
    },
  ]),
  ...every("Pad", [
    {
      name: "channels and a plane",
      x: [2, 8, 5, 5],
      data: "int64[8] pads = {0, 3, 1, 0, 0, 5, 0, 2}",
      body: "r = Pad (xd, pads)",
      result: "moved",
    },
  ]),
  ...every("Reshape", [
    { name: "to rows", x: [2, 8, 6], data: "int64[2] to = {2, -1}", body: "r = Reshape (xd, to)", result: "moved" },
  ]),
  ...every("Flatten", [{ name: "to rows", x: [2, 8, 6], body: "r = Flatten (xd)", result: "moved" }]),
  ...every("Squeeze", [
    {
      name: "the last axes",
      x: [2, 8, 1, 1],
      data: "int64[2] at = {2, 3}",
      body: "r = Squeeze (xd, at)",
      result: "moved",
    },
  ]),
  ...every("Unsqueeze", [
    { name: "an axis", x: [4, 8], data: "int64[1] at = {1}", body: "r = Unsqueeze (xd, at)", result: "moved" },
  ]),
  ...every("Transpose", [
    { name: "to channels last", x: [2, 8, 5, 5], body: "r = Transpose <perm = [0, 2, 3, 1]> (xd)", result: "moved" },
  ]),
  ...every("Split", [
    {
      name: "in two",
      x: [2, 8, 5],
      body: "r, r2 = Split <axis = 1, num_outputs = 2> (xd)",
      result: "moved",
      results: 2,
    },
  ]),
  ...every("Slice", [
    {
      name: "a part",
      x: [2, 8, 5],
      data: "int64[1] from = {1}, int64[1] to = {6}, int64[1] along = {1}",
      body: "r = Slice (xd, from, to, along)",
      result: "moved",
    },
  ]),
  ...every("Gather", [
    { name: "rows", x: [6, 8], data: "int64[4] rows = {3, 0, 5, 3}", body: "r = Gather (xd, rows)", result: "moved" },
  ]),
  ...every("Expand", [
    { name: "a row", x: [1, 8], data: "int64[2] to = {5, 8}", body: "r = Expand (xd, to)", result: "moved" },
  ]),
  ...every("Tile", [
    { name: "twice", x: [3, 8], data: "int64[2] times = {1, 2}", body: "r = Tile (xd, times)", result: "moved" },
  ]),
  ...every("DepthToSpace", [
    { name: "blocks of 2", x: [2, 8, 3, 3], body: "r = DepthToSpace <blocksize = 2> (xd)", result: "moved" },
  ]),
] satisfies readonly OpGraph[];

/** Graphs for every op that ONNX Runtime has an 8-bit kernel for, in the shapes that take different kernels. */
export const opGraphs: readonly OpGraph[] = [...convs, ...products, ...others];
