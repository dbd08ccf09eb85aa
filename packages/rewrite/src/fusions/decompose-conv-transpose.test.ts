import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { decomposeConvTranspose } from "./decompose-conv-transpose.ts";

test("a ConvTranspose whose kernel is its stride becomes a pointwise Conv and DepthToSpace", () => {
  const text = `g (float[N,3,4,5] x) => (float[N,2,8,10] y) <float[3,2,2,2] w, float[2] b = {1, -2}> {
    y = ConvTranspose <strides = [2, 2]> (x, w, b)
  }`;
  expect(checkPass(decomposeConvTranspose, text)).toMatchInlineSnapshot(`
    "g (float[N,3,4,5] x) => (float[N,2,8,10] y)
    <float[8,3,1,1] w, float[8] b> {
      conv_out = Conv <group = 1, kernel_shape = [1, 1], pads = [0, 0, 0, 0]> (x, w, b)
      y = DepthToSpace <blocksize = 2, mode = "CRD"> (conv_out)
    }"
  `);
});

test("a clamp behind it goes before DepthToSpace, where it fuses into the Conv", () => {
  const text = `g (float[1,3,4,4] x) => (float[1,2,8,8] z) <float[3,2,2,2] w> {
    y = ConvTranspose <strides = [2, 2]> (x, w)
    z = Relu (y)
  }`;
  expect(checkPass(decomposeConvTranspose, text)).toMatchInlineSnapshot(`
    "g (float[1,3,4,4] x) => (float[1,2,8,8] z)
    <float[8,3,1,1] w> {
      conv_out = Conv <group = 1, kernel_shape = [1, 1], pads = [0, 0, 0, 0]> (x, w)
      relu_out = Relu (conv_out)
      z = DepthToSpace <blocksize = 2, mode = "CRD"> (relu_out)
    }"
  `);
});

test("overlapping kernels take several taps, and what their pads cut off is sliced away", () => {
  const text = `g (float[1,3,4,4] x) => (float[1,2,8,8] z) <float[3,2,4,4] w> {
    y = ConvTranspose <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
    z = Relu (y)
  }`;
  expect(checkPass(decomposeConvTranspose, text)).toMatchInlineSnapshot(`
    "g (float[1,3,4,4] x) => (float[1,2,8,8] z)
    <
      float[8,3,2,2] w,
      int64[2] depthtospace_out_starts = {1, 1},
      int64[2] depthtospace_out_ends = {-1, -1},
      int64[2] depthtospace_out_axes = {2, 3}
    > {
      conv_out = Conv <group = 1, kernel_shape = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      relu_out_1 = Relu (conv_out)
      relu_out = DepthToSpace <blocksize = 2, mode = "CRD"> (relu_out_1)
      z = Slice (relu_out, depthtospace_out_starts, depthtospace_out_ends, depthtospace_out_axes)
    }"
  `);
});

const shapes = [
  { kernel: [3, 3], stride: 1, pads: [1, 1, 1, 1], extra: [0, 0], group: 1 },
  { kernel: [3, 2], stride: 1, pads: [0, 1, 2, 0], extra: [0, 0], group: 2 },
  { kernel: [3, 3], stride: 2, pads: [1, 1, 1, 1], extra: [1, 1], group: 1 },
  { kernel: [5, 3], stride: 2, pads: [2, 1, 3, 0], extra: [1, 0], group: 2 },
  { kernel: [2, 3], stride: 3, pads: [0, 0, 0, 0], extra: [0, 2], group: 4 },
  { kernel: [7, 8], stride: 3, pads: [4, 3, 1, 5], extra: [2, 1], group: 1 },
  { kernel: [1, 1], stride: 2, pads: [0, 0, 0, 0], extra: [1, 1], group: 1 },
];

test.each(shapes)("kernel $kernel, stride $stride, pads $pads, output_padding $extra, group $group", (shape) => {
  const { kernel, stride, pads, extra, group } = shape;
  const strides = [stride, stride].join();
  const attributes = `strides = [${strides}], pads = [${pads.join()}], output_padding = [${extra.join()}], group = ${group}`;
  const text = `g (float[2,4,5,6] x) => (float[] y) <float[4,3,${kernel.join()}] w, float[${3 * group}] b> {
    y = ConvTranspose <${attributes}> (x, w, b)
  }`;
  expect(checkPass(decomposeConvTranspose, text)).not.toMatch("ConvTranspose");
});

test.each([
  ["float[1,3,4] x", "float[3,2,2] w", "strides = [2]", "runs along 1 axes, and DepthToSpace lays out planes"],
  ["float[1,3,4,4] x", "float[3,2,2,2] w", "dilations = [2, 2]", "is dilated"],
  [
    "float[1,3,4,4] x",
    "float[3,2,2,2] w",
    "strides = [2, 1]",
    "its strides 2 and 1 differ, and DepthToSpace has one block size",
  ],
  ["float[1,3,4,4] x", "float[3,2,2,2] w", `auto_pad = "SAME_UPPER"`, "its padding depends on the size of its operand"],
  [
    "float[1,3,4,4] x",
    "float[3,2,2,2] w",
    "strides = [2, 2], output_shape = [8, 8]",
    "its padding follows from output_shape",
  ],
  ["float[1,3,4,4] x", "float[3,2,1,1] w", "pads = [1, 1, 1, 1]", "cuts off more than its kernel adds"],
])("%s with %s and %s stays", (x, w, attributes, reason) => {
  const text = `g (${x}) => (float[] y) <${w}> { [t] y = ConvTranspose <${attributes}> (x, w) }`;
  expect(rejections(decomposeConvTranspose, text, "decompose-conv-transpose")).toBe(
    `decompose-conv-transpose: not at t: ${reason}`,
  );
});

test("a computed weight stays", () => {
  const text = `g (float[1,3,4,4] x, float[3,2,2,2] w) => (float[] y) { [t] y = ConvTranspose (x, w) }`;
  expect(rejections(decomposeConvTranspose, text, "decompose-conv-transpose")).toBe(
    "decompose-conv-transpose: not at t: is a graph input, not constant (w)",
  );
});

test("clamps of what no convolution gave stay behind a DepthToSpace", () => {
  const text = `g (float[1,4,2,2] x) => (float[1,1,4,4] z) { [d] y = DepthToSpace <blocksize = 2> (x) z = Relu (y) }`;
  expect(rejections(decomposeConvTranspose, text, "map-before-move")).toBe(
    "map-before-move: not at z: what is moved is no result of a convolution (d)",
  );
});
