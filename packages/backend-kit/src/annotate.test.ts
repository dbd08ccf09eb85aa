import { CompileError, parseGraph } from "@lowbit/ir";
import { observed, planText } from "@lowbit/quantize";
import { describe, expect, test } from "vitest";
import { annotateFromCapabilities, quantizeEverything, type Placement } from "./annotate.ts";
import type { CapabilityTable } from "./capabilities.ts";
import { onnxRuntimeKernels } from "./onnx-runtime-kernels.ts";

const table: CapabilityTable = {
  activation: observed("uint8"),
  weight: { ...observed("int8", { range: [-127, 127], symmetric: true }), granularity: "channel" },
  ops: onnxRuntimeKernels("uint8"),
};

/** Quantizes regions with a product, and only those. */
const products: Placement = {
  everything: false,
  floatRegion: (units) => (units.some((unit) => unit.weight) ? null : "no product here"),
};

function planOf(text: string, placement: Placement = products, keepFloat: readonly string[] = []): string {
  return planText(annotateFromCapabilities(parseGraph(text), table, placement, { keepFloat }));
}

describe("one integer kernel", () => {
  test("is a Conv with the Relu behind it; the value between them stays float", () => {
    const plan = planOf(`g (float[N,3,8,8] x) => (float[N,4,6,6] y) <float[4,3,3,3] w, float[4] b> {
      [conv] c = Conv (x, w, b)
      y = Relu (c)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "conv#X = uint8 per-tensor affine
      conv#W = int8 -127..127 per-channel(0) symmetric
      conv#B = int32 bias(conv#X, conv#W)
      y = uint8 per-tensor affine"
    `);
  });

  test("is a Conv alone when a clamp's bounds are computed or its result is read elsewhere", () => {
    const plan = planOf(`g (float[N,3,8,8] x, float m) => (float[N,4,6,6] y, float[N,4,6,6] z)
    <float[4,3,3,3] w, float[4,4,1,1] v> {
      [conv] c = Conv (x, w)
      [conv2] d = Conv (c, v)
      y = Clip (d, m)
      z = Relu (c)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "conv#X = uint8 per-tensor affine
      conv#W = int8 -127..127 per-channel(0) symmetric
      c = uint8 per-tensor affine
      conv2#X = shared(c)
      conv2#W = int8 -127..127 per-channel(0) symmetric
      d = uint8 per-tensor affine
      float y (Clip): there is no integer kernel for Clip
      float z (Relu): there is no integer kernel for Relu"
    `);
  });

  test("is a MatMul with a bias added and a Relu", () => {
    const plan = planOf(`g (float[N,16] x) => (float[N,4] y) <float[16,8] w, float[8] b, float[8,4] v> {
      m = MatMul (x, w)
      a = Add (b, m)
      r = Relu (a)
      [last] y = MatMul (r, v)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "m#A = uint8 per-tensor affine
      m#B = int8 -127..127 per-channel(1) symmetric
      r = uint8 per-tensor affine
      last#A = shared(r)
      last#B = int8 -127..127 per-channel(1) symmetric"
    `);
  });

  test("is an Add with the Relu behind it", () => {
    const plan = planOf(`g (float[N,4,8,8] x) => (float[N,4,8,8] y) <float[4,4,1,1] w, float[4,4,1,1] v> {
      [left] a = Conv (x, w)
      [right] b = Conv (x, v)
      [sum] s = Add (a, b)
      y = Relu (s)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "left#X = uint8 per-tensor affine
      left#W = int8 -127..127 per-channel(0) symmetric
      a = uint8 per-tensor affine
      right#X = shared(left#X)
      right#W = int8 -127..127 per-channel(0) symmetric
      b = uint8 per-tensor affine
      sum#A = shared(a)
      sum#B = shared(b)
      y = uint8 per-tensor affine"
    `);
  });
});

describe("sharing", () => {
  test("joins MaxPool, Concat and Reshape with what they read", () => {
    const plan =
      planOf(`g (float[1,4,8,8] x) => (float[1,128] y) <float[4,4,1,1] w, float[4,4,1,1] v, int64[2] to = {1, 128}> {
      [left] a = Conv (x, w)
      [right] b = Conv (x, v)
      [cat] c = Concat <axis = 1> (a, b)
      [pool] p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c)
      [flat] y = Reshape (p, to)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "left#X = uint8 per-tensor affine
      left#W = int8 -127..127 per-channel(0) symmetric
      a = uint8 per-tensor affine
      right#X = shared(left#X)
      right#W = int8 -127..127 per-channel(0) symmetric
      b = shared(a)
      cat#inputs0 = shared(a)
      cat#inputs1 = shared(a)
      c = shared(a)
      pool#X = shared(a)
      p = shared(a)
      flat#data = shared(a)
      y = shared(a)"
    `);
  });

  test("hands a fixed scale on to a result, but not to the other operands of a Concat", () => {
    const plan = planOf(`g (float[2,4] x) => (float[2,4] z) <float[4,4] w, float[8,4] v> {
      [first] a = MatMul (x, w)
      [soft] s = Softmax (a)
      [moved] t = Transpose <perm = [0, 1]> (s)
      [cat] c = Concat <axis = 1> (t, a)
      [last] z = MatMul (c, v)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "first#A = uint8 per-tensor affine
      first#B = int8 -127..127 per-channel(1) symmetric
      a = uint8 per-tensor affine
      soft#input = shared(a)
      s = uint8 fixed(scale 0.00390625, zero point 0)
      moved#data = shared(s)
      t = shared(s)
      cat#inputs0 = shared(s)
      cat#inputs1 = shared(a)
      c = shared(a)
      last#A = shared(a)
      last#B = int8 -127..127 per-channel(1) symmetric"
    `);
  });

  test("quantizes a value once for several readers, and tied weights once", () => {
    const plan = planOf(`g (float[N,4,8,8] x) => (float[N,4,8,8] y, float[N,4,8,8] z) <float[4,4,1,1] w> {
      [one] y = Conv (x, w)
      [two] z = Conv (x, w)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "one#X = uint8 per-tensor affine
      one#W = int8 -127..127 per-channel(0) symmetric
      y = uint8 per-tensor affine
      two#X = shared(one#X)
      two#W = shared(one#W)
      z = uint8 per-tensor affine"
    `);
  });
});

describe("what stays float", () => {
  test("is told with the reason", () => {
    const plan = planOf(`g (float[N,4,8,8] x, float[4,4,1,1] computed) => (float[N,4,8,8] y) {
      a = Erf (x)
      [conv] c = Conv (a, computed)
      [pool] p = MaxPool <kernel_shape = [1, 1]> (c)
      y = Add (p, x)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "float a (Erf): there is no integer kernel for Erf
      float conv (Conv): its weight "computed" is computed, not constant
      float pool (MaxPool): its operand "c" is float, and quantizing it for this op alone would not pay
      float y (Add): all its operands are float, and quantizing them for this op alone would not pay"
    `);
  });

  test("is what the user names, and what then has no codes to read", () => {
    const text = `g (float[N,4,8,8] x) => (float[N,4,4,4] y) <float[4,4,1,1] w, float[4,4,1,1] v> {
      [stem] c = Conv (x, w)
      r = Relu (c)
      [pool] p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
      [conv] y = Conv (p, v)
    }`;
    expect(planOf(text, products, ["st*"])).toMatchInlineSnapshot(`
      "conv#X = uint8 per-tensor affine
      conv#W = int8 -127..127 per-channel(0) symmetric
      y = uint8 per-tensor affine
      float stem (Conv): kept in float on request
      float r (Relu): the op before it stays float, and one kernel would compute both
      float pool (MaxPool): its operand "r" is float, and quantizing it for this op alone would not pay"
    `);
    expect(() => planOf(text, products, ["none"])).toThrow(CompileError);
  });

  test("is a region that does not pay as a whole", () => {
    const noConvolutions: Placement = { everything: true, floatRegion: () => "it does not pay" };
    const text = "g (float[N,4] x) => (float[N,4] y) { [sum] s = Add (x, x) [twice] y = Add (s, s) }";
    expect(planOf(text, noConvolutions)).toBe("float sum (Add): it does not pay\nfloat twice (Add): it does not pay");
  });

  test("is nothing that has a kernel when everything is to run on integers", () => {
    const plan = planOf("g (float[N,4] x) => (float[N,4] y) { [sum] y = Add (x, x) }", quantizeEverything);
    expect(plan).toMatchInlineSnapshot(`
      "sum#A = uint8 per-tensor affine
      sum#B = shared(sum#A)
      y = uint8 per-tensor affine"
    `);
  });

  test("is a product's result that nobody reads as codes, if the kernel can leave it so", () => {
    const plan = planOf(`g (float[2,16] x) => (float[8] y) <float[16,4] w, float[4] b, int64[1] to = {8}> {
      [dense] d = Gemm (x, w, b)
      [flat] y = Reshape (d, to)
    }`);
    expect(plan).toMatchInlineSnapshot(`
      "dense#A = uint8 per-tensor affine
      dense#B = int8 -127..127 per-channel(1) symmetric
      dense#C = int32 bias(dense#A, dense#B)
      float flat (Reshape): its operand "d" is float, and quantizing it for this op alone would not pay"
    `);
  });
});

test("a model that is quantized already is refused", () => {
  const text = `g (float[N,4] x) => (float[N,4] y) <float s = {0.5}, uint8 z = {0}> {
    [quantize] q = QuantizeLinear (x, s, z)
    y = DequantizeLinear (q, s, z)
  }`;
  expect(() => planOf(text)).toThrow(
    /^error backend\/already-quantized: the model is quantized already: 2 of its nodes work on codes, the first is QuantizeLinear "quantize"\n/,
  );
});
