import { newModel, parseGraph, printGraph, seeded, type Graph, type Model } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { Session, whatRan, type Feeds, type SessionOptions } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { dynamicPlan, weightOnlyPlan, type ModePlanOptions } from "../plan/mode-plans.ts";
import { planText, type QuantPlan } from "../plan/plan.ts";
import { planFromJson, planToJson, type PlanJson } from "../plan/plan-json.ts";
import { prepare } from "../prepare/prepare.ts";
import { convert } from "./convert.ts";
import { lowestOpset } from "../lower/lowest-opset.ts";
import { runPasses } from "@lowbit/rewrite";

const net = (): Graph =>
  parseGraph(`net (float[2,3,6,6] x) => (float[2,4] y)
    <float[5,3,3,3] w, float[40,90] m, float[40] c, float[40,48] k, float[48] d, float[48,4] p,
     float low = {-0.5}, float high = {0.5}> {
      [conv] a = Conv <strides = [2, 2], pads = [0, 0, 1, 1]> (x, w)
      r = Relu (a)
      f = Flatten (r)
      g = Concat <axis = 1> (f, f)
      [turned] b = Gemm <transB = 1> (g, m, c)
      t = Relu (b)
      [straight] e = Gemm (t, k, d)
      s = Clip (e, low, high)
      [product] y = MatMul (s, p)
    }`);

const x = seeded("x", "float", [2, 3, 6, 6]);

function deployed(plan: QuantPlan): { readonly prepared: Graph; readonly model: Model } {
  const prepared = prepare(plan.graph, plan, { mode: "static", ranges: new Map() });
  const model = newModel(convert(prepared));
  runPasses(model, [lowestOpset]);
  return { prepared, model };
}

async function run(model: Model, settings: SessionOptions = {}, feeds: Feeds = { x }): Promise<Float32Array> {
  const session = await Session.create(model, { threads: 1, ...settings });
  const { y } = await session.run(feeds);
  await session.release();
  return y!.floats();
}

function reference(graph: Graph, feeds: Feeds = { x }): Float32Array {
  return evaluate(graph, new Map(Object.entries(feeds)))
    .get("y")!
    .floats();
}

const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

/** Products of float activations and codes as floats, not with activations rounded to 8 bits on the way. */
const exactly = { "session.qdq_matmulnbits_accuracy_level": "1" };

describe("weight-only", () => {
  test("plans all weights, by blocks where they are 4-bit matrices", () => {
    const graph = net();
    expect(planText(weightOnlyPlan(graph, { dtype: "int4" }))).toMatchInlineSnapshot(`
      "conv#W = int4 -7..7 per-channel(0) symmetric
      turned#B = int4 -7..7 per-block(1, 32) symmetric
      straight#B = int4 -7..7 per-block(0, 32) symmetric
      product#B = int4 -7..7 per-block(0, 32) symmetric"
    `);
    const json = JSON.parse(JSON.stringify(planToJson(dynamicPlan(graph)))) as PlanJson;
    expect(planText(planFromJson(graph, json))).toBe(planText(dynamicPlan(graph)));
  });

  test.each<ModePlanOptions>([
    { dtype: "int8" },
    { dtype: "int8", granularity: "tensor" },
    { dtype: "int8", granularity: { block: 32 } },
    { dtype: "int4" },
    { dtype: "int4", granularity: "channel" },
    { dtype: "int4", granularity: { block: 16 } },
    { dtype: "int4", granularity: { block: 64 } },
  ])("$dtype $granularity runs as products that read codes, and gives what was simulated", async (codes) => {
    const { prepared, model } = deployed(weightOnlyPlan(net(), codes));
    const ran = (await whatRan(model, { x }, { threads: 1 })).map(({ op }) => op);
    expect(ran.filter((op) => op === "MatMulNBits")).toHaveLength(3);
    expect(ran.filter((op) => op === "DequantizeLinear")).toHaveLength(1);
    expect(furthest(await run(model, { config: exactly }), reference(prepared))).toBeLessThan(1e-5);
    expect(furthest(reference(model.graph), reference(prepared))).toBeLessThan(1e-5);
    // Scales per tensor came with opset 10, per axis with 13, 4 bits and blocks with 21.
    const isPlain = codes.dtype === "int8" && typeof codes.granularity !== "object";
    expect(model.opsets.get("")).toBe(isPlain ? (codes.granularity === "tensor" ? 10 : 13) : 21);
  });
});

test.each([
  { columns: 10, block: 16 },
  { columns: 33, block: 16 },
  { columns: 70, block: 32 },
  { columns: 129, block: 128 },
  { columns: 7, block: 3 },
])("the last of the blocks of $block along $columns inputs may be smaller", async ({ columns, block }) => {
  const graph = parseGraph(`net (float[2,${columns}] x) => (float[2,4] y) <float[${columns},5] m, float[4,5] k> {
    [straight] a = MatMul (x, m)
    [turned] y = Gemm <transB = 1> (a, k)
  }`);
  const { prepared, model } = deployed(weightOnlyPlan(graph, { dtype: "int4", granularity: { block } }));
  expect(model.graph.value("m")!.users[0]!.inputs[1]!.shape).toEqual([Math.ceil(columns / block), 5]);
  const feeds = { x: seeded("x", "float", [2, columns]) };
  const wanted = reference(prepared, feeds);
  expect(furthest(wanted, reference(graph, feeds))).toBeGreaterThan(1e-4);
  expect(furthest(reference(model.graph, feeds), wanted)).toBeLessThan(1e-5);
  for (const settings of [{ config: exactly }, { optimization: "disabled" as const }]) {
    expect(furthest(await run(model, settings, feeds), wanted)).toBeLessThan(1e-5);
  }
});

const schemes: readonly ModePlanOptions[] = [
  { dtype: "int8" },
  { dtype: "int4" },
  { dtype: "int4", granularity: { block: 16 } },
];
const biases = ["", "float[5] c", "float[1,5] c", "float[2,5] c", "float[2,1] c", "float c = {0.75}"];
const gemms = [0, 1].flatMap((transB) => biases.map((bias) => ({ transB, bias })));

test.each(gemms)("a Gemm with transB $transB and bias $bias reads codes of all forms", async ({ transB, bias }) => {
  const weight = transB ? "float[5,40] m" : "float[40,5] m";
  const data = { x: seeded("x", "float", [2, 40]), turned: seeded("x", "float", [40, 2]) };
  for (const factors of ["", ", alpha = 0.5", ", beta = -2.0", ", transA = 1"]) {
    const isTurned = factors.includes("transA");
    const graph = parseGraph(`net (${isTurned ? "float[40,2]" : "float[2,40]"} x) => (float[2,5] y)
      <${[weight, ...(bias ? [bias] : [])].join(", ")}> {
        y = Gemm <transB = ${transB}${factors}> (x, m${bias ? ", c" : ""})
      }`);
    const feeds = { x: isTurned ? data.turned : data.x };
    for (const scheme of schemes) {
      const { prepared, model } = deployed(weightOnlyPlan(graph, scheme));
      const wanted = reference(prepared, feeds);
      expect(furthest(wanted, reference(graph, feeds)), "codes round").toBeGreaterThan(1e-4);
      expect(furthest(reference(model.graph, feeds), wanted)).toBeLessThan(1e-5);
      for (const settings of [{ config: exactly }, { optimization: "disabled" as const }]) {
        expect(furthest(await run(model, settings, feeds), wanted)).toBeLessThan(1e-5);
      }
    }
  }
});

describe("dynamic", () => {
  test.each<ModePlanOptions>([{}, { granularity: "tensor" }])("%o runs as fused integer products", async (options) => {
    const { prepared, model } = deployed(dynamicPlan(net(), options));
    const ran = (await whatRan(model, { x }, { threads: 1 })).map(({ op }) => op);
    expect(ran.filter((op) => op === "DynamicQuantizeMatMul")).toHaveLength(3);
    expect(ran.some((op) => op === "MatMul" || op === "Gemm" || op === "DequantizeLinear")).toBe(false);
    expect(furthest(await run(model), reference(prepared))).toBeLessThan(1e-5);
    expect(furthest(reference(model.graph), reference(prepared))).toBeLessThan(1e-5);
    expect(model.opsets.get("")).toBe(11);
  });

  test("finds a scale once for all readers, and leaves convolutions float with the reason", () => {
    const graph = parseGraph(
      `g (float[N,3,4,4] x) => (float[N,4,2] y) <float[4,3,1,1] w, float[16,2] p, float[16,2] q> {
      [conv] c = Conv (x, w)
      r = Reshape (c, shape)
      [left] a = MatMul (r, p)
      [right] b = MatMul (r, q)
      y = Add (a, b)
    }`.replace("float[16,2] q>", "float[16,2] q, int64[3] shape = {0, 4, 16}>"),
    );
    const plan = dynamicPlan(graph);
    expect(planText(plan)).toMatchInlineSnapshot(`
      "left#A = uint8 dynamic
      left#B = int8 -127..127 per-channel(1) symmetric
      right#A = shared(left#A)
      right#B = int8 -127..127 per-channel(1) symmetric
      float conv (Conv): integer convolutions with scales found at run time are slower than float ones
      float y (Add): only products of matrices have scales found at run time"
    `);
    expect(printGraph(convert(prepare(graph, plan, { mode: "static" })), { maxElements: 0 })).toMatchInlineSnapshot(`
      "g (float[N,3,4,4] x) => (float[N,4,2] y)
      <
        float[4,3,1,1] w,
        int8[16,2] p,
        int8[16,2] q,
        int64[3] shape = {0, 4, 16},
        float[2] s,
        float[2] s_1,
        int8 z_1 = {0}
      > {
        [conv] c = Conv (x, w)
        r = Reshape (c, shape)
        r_q, r_scale, r_zero_point = DynamicQuantizeLinear (r)
        [left] left_out = MatMulInteger (r_q, p, r_zero_point, z_1)
        cast_out = Cast <to = 1> (left_out)
        mul_out = Mul (r_scale, s)
        mul_out_1 = Mul (cast_out, mul_out)
        [right] right_out = MatMulInteger (r_q, q, r_zero_point, z_1)
        cast_out_1 = Cast <to = 1> (right_out)
        mul_out_2 = Mul (r_scale, s_1)
        mul_out_3 = Mul (cast_out_1, mul_out_2)
        y = Add (mul_out_1, mul_out_3)
      }"
    `);
  });
});

test("products that cannot be are named with the reason", () => {
  const graph = parseGraph(`g (float[4,4] x, float[4,4] z) => (a, b, c) <float[4,4] w, float[2,4,4] v> {
    [computed] a = MatMul (x, z)
    [scaled] b = Gemm <alpha = 2.0> (x, w)
    [batched] c = MatMul (x, v)
  }`);
  expect(planText(dynamicPlan(graph))).toMatchInlineSnapshot(`
    "float computed (MatMul): its weight "z" is computed, not constant
    float scaled (Gemm): its first operand is transposed, or a factor multiplies its result
    float batched (MatMul): its weight is no matrix"
  `);
  expect(() => weightOnlyPlan(graph, { keepFloat: ["nothing"] })).toThrow(/"nothing" matches no node/);
});

test("weights of recurrent layers are stored as codes, which changes no more than the rounding", async () => {
  const graph = parseGraph(`g (float[5,2,6] x) => (y) <float[1,16,6] w, float[1,16,4] r> {
    [lstm] a, y = LSTM <hidden_size = 4> (x, w, r)
  }`);
  const plan = weightOnlyPlan(graph);
  expect(planText(plan)).toMatchInlineSnapshot(`
    "lstm#W = int8 -127..127 per-channel(1) symmetric
    lstm#R = int8 -127..127 per-channel(1) symmetric"
  `);
  expect(planText(dynamicPlan(graph))).toMatchInlineSnapshot(`"float lstm (LSTM): ONNX has no LSTM on integers"`);
  const { prepared, model } = deployed(plan);
  const feeds = { x: seeded("x", "float", [5, 2, 6]) };
  const session = await Session.create(model, { threads: 1 });
  const found = (await session.run(feeds))["y"]!.floats();
  await session.release();
  expect(
    furthest(
      found,
      evaluate(prepared, new Map(Object.entries(feeds)))
        .get("y")!
        .floats(),
    ),
  ).toBeLessThan(1e-5);
});
