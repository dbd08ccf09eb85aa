import { cloneModel, newModel, parseGraph, Tensor, type Model } from "@lowbit/ir";
import { Explanation, findingText, runPasses } from "@lowbit/rewrite";
import { Session } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { integerOperators } from "./integer-operators.ts";

/** Codes 0 to 255 of an input, and two quantized weights; `body` goes on from `xd`. */
function quantizedModel(output: string, body: string): Model {
  return newModel(
    parseGraph(`g (float[2,4,6,6] x) => (${output})
    <float s = {0.05}, float t = {0.1}, uint8 z = {100}, uint8 z0 = {0}, float[4] ws = {0.01, 0.02, 0.03, 0.04}, int8[4] wz = {0, 0, 0, 0},
     float[4] bs = {0.0005, 0.001, 0.0015, 0.002}, int32[4] bz = {0, 0, 0, 0}, int32[4] bias = {100, -200, 300, -400},
     int8[4,4,3,3] w, int8[144,5] m, float ms = {0.02}, int8 mz = {0}, float unit = {0.00390625}, float[4] by = {1.0, 1.0, 2.0, 2.0}> {
      xq = QuantizeLinear (x, s, z)
      xd = DequantizeLinear (xq, s, z)
      ${body}
    }`),
  );
}

/** Op counts after the pass; what ONNX Runtime answers must stay the same, up to one step of the result's scale. */
async function lowered(model: Model, step: number): Promise<Readonly<Record<string, number>>> {
  const integer = cloneModel(model);
  runPasses(integer, [integerOperators], { verifyEach: true });
  expect(runPasses(integer, [integerOperators]).changed).toBe(0);
  const feeds = {
    x: Tensor.of(
      "float",
      Float32Array.from({ length: 288 }, (_, i) => 5 * Math.sin(12.9898 * i)),
      [2, 4, 6, 6],
    ),
  };
  const [before, after] = [await answer(model, feeds), await answer(integer, feeds)];
  before.forEach((value, i) => expect(Math.abs(value - after[i]!)).toBeLessThanOrEqual(step));
  const counts: Record<string, number> = {};
  for (const { op } of integer.graph.nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

async function answer(model: Model, feeds: Readonly<Record<string, Tensor>>): Promise<Float64Array> {
  const session = await Session.create(model);
  const [result] = Object.values(await session.run(feeds));
  await session.release();
  return result!.numbers();
}

const conv = `
  wd = DequantizeLinear <axis = 0> (w, ws, wz)
  bd = DequantizeLinear <axis = 0> (bias, bs, bz)
  c = Conv <pads = [1, 1, 1, 1]> (xd, wd, bd)
  cq = QuantizeLinear (c, t, z)
  cd = DequantizeLinear (cq, t, z)`;

test("a convolution with its bias becomes QLinearConv", async () => {
  expect(await lowered(quantizedModel("float[2,4,6,6] cd", conv), 0)).toEqual({
    QuantizeLinear: 1,
    QLinearConv: 1,
    DequantizeLinear: 1,
  });
});

test("sums, products, concatenations, activations and pools become integer operators", async () => {
  const body = `${conv}
    a = Add (cd, xd)
    aq = QuantizeLinear (a, t, z)
    ad = DequantizeLinear (aq, t, z)
    p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (ad)
    pq = QuantizeLinear (p, t, z)
    pd = DequantizeLinear (pq, t, z)
    g = Sigmoid (pd)
    gq = QuantizeLinear (g, s, z0)
    gd = DequantizeLinear (gq, s, z0)
    u = Mul (pd, gd)
    uq = QuantizeLinear (u, t, z)
    ud = DequantizeLinear (uq, t, z)
    k = Concat <axis = 1> (ud, gd)
    kq = QuantizeLinear (k, t, z)
    kd = DequantizeLinear (kq, t, z)
    v = GlobalAveragePool (kd)
    vq = QuantizeLinear (v, t, z)
    y = DequantizeLinear (vq, t, z)`;
  expect(await lowered(quantizedModel("float[2,8,1,1] y", body), 0.1001)).toEqual({
    QuantizeLinear: 1,
    QLinearConv: 1,
    QLinearAdd: 1,
    MaxPool: 1,
    QLinearSigmoid: 1,
    QLinearMul: 1,
    QLinearConcat: 1,
    QLinearGlobalAveragePool: 1,
    DequantizeLinear: 1,
  });
});

test("average pooling, Softmax and nearest Resize become integer operators", async () => {
  const body = `
    p = AveragePool <kernel_shape = [2, 2], pads = [1, 1, 0, 0]> (xd)
    pq = QuantizeLinear (p, t, z)
    pd = DequantizeLinear (pq, t, z)
    r = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (pd, , by)
    rq = QuantizeLinear (r, t, z)
    rd = DequantizeLinear (rq, t, z)
    o = Softmax <axis = -1> (rd)
    oq = QuantizeLinear (o, unit, z0)
    y = DequantizeLinear (oq, unit, z0)`;
  const model = quantizedModel("float[2,4,12,12] y", body);
  expect(await lowered(model, 1 / 256)).toEqual({
    QuantizeLinear: 1,
    QLinearAveragePool: 1,
    Resize: 1,
    QLinearSoftmax: 1,
    DequantizeLinear: 1,
  });
});

test.each([
  ["MatMul", "h = MatMul (f, md)", "QLinearMatMul"],
  ["Gemm", "h = Gemm (f, md)", "QGemm"],
])("%s becomes %s of codes, behind a Flatten of codes", async (_, product, expected) => {
  const body = `
    fl = Flatten (xd)
    fq = QuantizeLinear (fl, s, z)
    f = DequantizeLinear (fq, s, z)
    md = DequantizeLinear (m, ms, mz)
    ${product}
    hq = QuantizeLinear (h, t, z)
    y = DequantizeLinear (hq, t, z)`;
  expect(await lowered(quantizedModel("float[2,5] y", body), 0)).toEqual({
    QuantizeLinear: 1,
    Flatten: 1,
    [expected]: 1,
    DequantizeLinear: 1,
  });
});

test.each([
  ["MatMul", "y = MatMul (f, md)", "MatMulIntegerToFloat"],
  ["Gemm", "y = Gemm (f, md)", "QGemm"],
])("%s with a float result stays on integers until then", async (_, product, expected) => {
  const body = `
    f = Reshape (xd, shape)
    fq = QuantizeLinear (f, s, z)
    fd = DequantizeLinear (fq, s, z)
    md = DequantizeLinear (m, ms, mz)
    ${product.replace("f,", "fd,")}`;
  const model = quantizedModel("float[2,5] y", body.replace("f = Reshape (xd, shape)", "f = Flatten (xd)"));
  expect(await lowered(model, 1e-4)).toEqual({ QuantizeLinear: 1, Flatten: 1, [expected]: 1 });
});

test("a Split with one result becomes one of codes", async () => {
  const body = `
    p = Split <axis = 1, num_outputs = 1> (xd)
    pq = QuantizeLinear (p, s, z)
    y = DequantizeLinear (pq, s, z)`;
  expect(await lowered(quantizedModel("float[2,4,6,6] y", body), 0)).toEqual({
    QuantizeLinear: 1,
    Split: 1,
    DequantizeLinear: 1,
  });
});

test("tells why a place stays as it is", () => {
  const body = `${conv}
    e = Relu (cd)
    n = Neg (cd)
    nq = QuantizeLinear (n, t, z)
    nd = DequantizeLinear (nq, t, z)
    y = Add (e, nd)`;
  const model = quantizedModel("float[2,4,6,6] y", body.replace("bs, bz)", "ws, bz)"));
  const explanation = new Explanation(["conv-to-integers", "moving-to-integers"]);
  runPasses(model, [integerOperators], { explanation });
  expect(explanation.findings().map(findingText)).toMatchInlineSnapshot(`
    [
      "conv-to-integers: not at xq: is a graph input, not the result of Conv (x)",
      "conv-to-integers: not at cq: is not the product of the scales of data and weight (ws)",
      "conv-to-integers: not at nq: is the result of Neg, not of Conv (n)",
      "moving-to-integers: not at xq: is not computed by an op that keeps its elements (x)",
      "moving-to-integers: not at cq: is not computed by an op that keeps its elements (c)",
      "moving-to-integers: not at nq: is not computed by an op that keeps its elements (n)",
    ]
  `);
});
