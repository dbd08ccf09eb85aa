import { newModel, parseGraph, seeded } from "@lowbit/ir";
import { quantizeModel } from "@lowbit/quantize";
import { arm } from "@lowbit/backend-arm";
import { integerShare, whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { verifyDeployment, type VerifiedNode } from "./verify-deployment.ts";

/** uint8 codes of `x` with a scale of 1/16 around 128, and weights in int8. */
const head = `g (float[1,4,8,8] x) => (y)
<float s = {0.0625}, uint8 z = {128}, uint8 z0 = {0}, float s2 = {0.125}, int8 zs = {0}, int8[4,4,1,1] wq, uint8[4,4,1,1] wu,
 float[4,4,1,1] wf, float[8,5] mf, float sw = {0.01}, float[4] sw4 = {0.01, 0.02, 0.03, 0.04}, int8[4] zs4 = {0, 0, 0, 0},
 float low = {0.0}, float six = {6.0}, float three = {3.0}, uint16 z16 = {32768}>`;
const data = `xq = QuantizeLinear (x, s, z)
  xd = DequantizeLinear (xq, s, z)`;
const weight = `w = DequantizeLinear (wq, sw, zs)`;
const behind = (value: string, scale = "s", zero = "z"): string => `q = QuantizeLinear (${value}, ${scale}, ${zero})
  y = DequantizeLinear (q, ${scale}, ${zero})`;

async function nodeNamed(name: string, body: string): Promise<VerifiedNode> {
  const { nodes } = await verifyDeployment(newModel(parseGraph(`${head} { ${body} }`)), { threads: 1 });
  return nodes.find(({ node }) => node === name)!;
}

test.each([
  ["a plain float model", `[n] y = Conv (x, wf)`, `its operand "x" is float: it comes from no DequantizeLinear`],
  [
    "a Conv whose weights are a Constant",
    `k = Constant <value = float[1,4,1,1] {1.0, 2.0, 3.0, 4.0}> () [n] y = Conv (x, k)`,
    `its operand "x" is float: it comes from no DequantizeLinear`,
  ],
  [
    "a MatMul with float weights",
    `${data} [n] c = MatMul (xd, mf) ${behind("c")}`,
    `its weights "mf" are stored as float`,
  ],
  [
    "no codes behind a Conv",
    `${data} ${weight} [n] c = Conv (xd, w) [t] y = Tanh (c)`,
    `no QuantizeLinear stands behind it, but Tanh "t"`,
  ],
  [
    "a Conv that gives the model's output",
    `${data} ${weight} [n] y = Conv (xd, w)`,
    `its result "y" is an output of the model, with no QuantizeLinear behind it`,
  ],
  [
    "a Relu before codes around a zero point in the middle",
    `${data} ${weight} [n] c = Conv (xd, w) [r] r = Relu (c) ${behind("r")}`,
    `Relu "r" stays behind it, since the zero point is 128 and not the smallest code 0`,
  ],
  [
    "a Clip that cuts into the codes",
    `${data} ${weight} [n] c = Conv (xd, w) [r] r = Clip (c, low, three) ${behind("r", "s", "z0")}`,
    `Clip "r" stays behind it, since its bounds cut into the range 0 to 15.94 of the codes`,
  ],
  [
    "a MaxPool between different scales",
    `${data} [n] c = MaxPool <kernel_shape = [2, 2]> (xd) ${behind("c", "s2")}`,
    "its operands and its result have different scales or zero points, and it can only move codes",
  ],
  ["an op without a kernel", `${data} [n] c = Tanh (xd) ${behind("c")}`, "there is no integer kernel for Tanh"],
  [
    "codes of 16 bits",
    `xq = QuantizeLinear (x, s, z16)
     xd = DequantizeLinear (xq, s, z16)
     [n] c = Mul (xd, xd) ${behind("c", "s", "z16")}`,
    `the codes "xq" are uint16, and integer kernels take 8 bits`,
  ],
])("tells why %s runs in float", async (_, body, reason) => {
  expect(await nodeNamed("n", body)).toMatchObject({ runs: "float", reason });
});

test("finds the convolutions that a float model runs in another layout, fused with what follows", async () => {
  const body = `[a] a = Conv (x, wf) [b] b = Conv (a, wf) [sum] t = Add (a, b) [r] r = Relu (t) [c] y = Conv (r, wf)`;
  const { nodes } = await verifyDeployment(newModel(parseGraph(`${head} { ${body} }`)), { threads: 1 });
  expect(nodes.map(({ node, runs, macs }) => `${node} ${runs} ${macs}`)).toMatchInlineSnapshot(`
    [
      "a float 4096",
      "b float 4096",
      "sum absorbed 0",
      "r absorbed 0",
      "c float 4096",
    ]
  `);
});

test("says that an axis is wrong which the runtime does not look at", async () => {
  const body = `${data} w = DequantizeLinear <axis = 1> (wq, sw4, zs4) [n] c = Conv (xd, w) ${behind("c")}`;
  expect(await nodeNamed("n", body)).toMatchObject({
    runs: "integer",
    reason: "its results are wrong: the scales of the weights run along axis 1, and the kernel takes them along axis 0",
  });
});

test("tells integers, conversions left, and nodes whose work others do apart", async () => {
  const body = `${data} ${weight} [n] c = Conv (xd, w) [r] r = Clip (c, low, six) ${behind("r", "s2", "z0")}`;
  const { nodes, integerMacs } = await verifyDeployment(newModel(parseGraph(`${head} { ${body} }`)), { threads: 1 });
  const converted = nodes.flatMap(({ runs, reason }) => (runs === "conversion" ? [reason] : []));
  expect(converted).toMatchInlineSnapshot(`
    [
      ""x" to codes",
      "codes to floats for Conv "n"",
      "stored codes to floats for Conv "n"",
      ""r" to codes",
      "codes to the output "y"",
    ]
  `);
  expect(nodes.map(({ node, runs, macs }) => `${node} ${runs} ${macs}`)).toMatchInlineSnapshot(`
    [
      "xq conversion 0",
      "xd conversion 0",
      "w conversion 0",
      "n float 1024",
      "r absorbed 0",
      "q conversion 0",
      "y conversion 0",
    ]
  `);
  expect(integerMacs).toBe(0);
});

test("finds nothing wrong with a convolution of codes that are moved on their way", async () => {
  const body = `${data} t = Transpose <perm = [0, 1, 3, 2]> (xd) ${weight} [n] c = Conv (t, w) ${behind("c")}`;
  expect(await nodeNamed("n", body)).toMatchObject({ runs: "integer", reason: null });
});

test("finds nothing wrong with what a backend made", async () => {
  const model = newModel(
    parseGraph(`g (float[N,8,8,8] x) => (float[N,4] y) <float[8,8,3,3] w, float[4,8] v> {
      [conv] c = Conv (x, w)
      [relu] r = Relu (c)
      [mean] m = GlobalAveragePool (r)
      [flat] f = Flatten (m)
      [fc] y = Gemm <transB = 1> (f, v)
    }`),
  );
  const backend = arm({ prefer: "integer" });
  const quantized = await quantizeModel(model, { backend, data: [{ x: seeded("x", "float", [4, 8, 8, 8]) }] });
  const { nodes, integerMacs } = await verifyDeployment(quantized.model, { backend, threads: 1 });
  expect(integerMacs).toBe(1);
  const computing = nodes.filter(({ runs }) => runs === "integer" || runs === "float");
  expect(computing.map(({ node, kernels, macs, reason }) => [node, ...kernels, macs, reason])).toEqual([
    ["conv", "QLinearConv", 8 * 6 * 6 * 8 * 9, null],
    ["mean", "QLinearGlobalAveragePool", 0, null],
    ["flat", "Flatten", 0, null],
    ["fc", "QGemm", 32, null],
  ]);
});

test("tells of a model for ARM64 what runs as integers there, which is more than here", async () => {
  const model = newModel(
    parseGraph(`g (float[1,8,8,8] x) => (y) <float[8,8,3,3] v, float[8,8,3,3] w> {
      a = Conv <pads = [1, 1, 1, 1]> (x, v)
      r = Relu (a)
      b = Conv <pads = [1, 1, 1, 1]> (r, w)
      y = Add (b, r)
    }`),
  );
  const feeds = { x: seeded("x", "float", [1, 8, 8, 8]) };
  const backend = arm({ prefer: "integer" });
  const quantized = await quantizeModel(model, { backend, data: [feeds] });
  const { integerMacs } = await verifyDeployment(quantized.model, { backend, feeds, threads: 1 });
  expect(integerMacs).toBe(1);
  const here = integerShare(await whatRan(quantized.model, feeds));
  expect(here < 1 || process.arch === "arm64").toBe(true);
});
