import { newModel, parseGraph, printGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { fixed, observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { convert } from "./convert.ts";

const activation = observed("uint8");
const weight = (axis: number, dtype: "int8" | "int4" = "int8"): QuantSpec =>
  observed(dtype, {
    range: dtype === "int8" ? [-127, 127] : [-7, 7],
    symmetric: true,
    granularity: { kind: "channel", axis },
  });

function planOf(graph: Graph, specs: Readonly<Record<string, QuantSpec | string>>): QuantPlan {
  const names = new PointNames(graph);
  const entries = Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [
    names.find(name)!,
    typeof spec === "string" ? { kind: "shared", with: names.find(spec)! } : spec,
  ]);
  return createPlan(graph, new Map(entries));
}

/** The static prepared graph, with the range -1 to 1 for everything that is not fixed. */
function prepared(graph: Graph, specs: Readonly<Record<string, QuantSpec | string>>): Graph {
  const plan = planOf(graph, specs);
  const ranges = new Map([...plan.specs.keys()].map((point) => [point, { min: [-1], max: [1] }]));
  return prepare(graph, plan, { mode: "static", ranges });
}

describe("convert", () => {
  test("stores weights and biases as integers, each with a DequantizeLinear of its own", () => {
    const graph = parseGraph(`g (float[1,3,4,4] x) => (float[1,2,2,2] y) <float[2,3,3,3] w, float[2] b = {0.5, -0.25}> {
      [conv] y = Conv (x, w, b)
    }`);
    const converted = convert(prepared(graph, { "conv#X": activation, "conv#W": weight(0), y: activation }));
    expect(printGraph(converted, { maxElements: 4 })).toMatchInlineSnapshot(`
      "g (float[1,3,4,4] x) => (float[1,2,2,2] y)
      <
        int8[2,3,3,3] w,
        float s = {0.007843138},
        uint8 z = {127},
        float[2] s_1 = {0.0019314616, 0.0016105274},
        int8[2] z_1 = {0, 0},
        int32[2] b_q = {33006, -19792},
        float[2] s_2 = {0.000015148719, 0.000012631588},
        int32[2] z_2 = {0, 0}
      > {
        x_q = QuantizeLinear (x, s, z)
        x_dq = DequantizeLinear (x_q, s, z)
        w_dq = DequantizeLinear <axis = 0> (w, s_1, z_1)
        b_dq = DequantizeLinear <axis = 0> (b_q, s_2, z_2)
        [conv] y_1 = Conv (x_dq, w_dq, b_dq)
        y_1_q = QuantizeLinear (y_1, s, z)
        y = DequantizeLinear (y_1_q, s, z)
      }"
    `);
  });

  test("quantizes a value once and dequantizes it for each reader", () => {
    const graph = parseGraph(`g (float[2] x) => (float[2] y, float[2] r) {
      r = Relu (x)
      y = Mul (r, r)
    }`);
    const converted = convert(prepared(graph, { r: activation }));
    expect(printGraph(converted)).toMatchInlineSnapshot(`
      "g (float[2] x) => (float[2] y, float[2] r)
      <float s = {0.007843138}, uint8 z = {127}> {
        r_1 = Relu (x)
        r_1_q = QuantizeLinear (r_1, s, z)
        r = DequantizeLinear (r_1_q, s, z)
        r_1_dq = DequantizeLinear (r_1_q, s, z)
        r_1_dq_1 = DequantizeLinear (r_1_q, s, z)
        y = Mul (r_1_dq, r_1_dq_1)
      }"
    `);
  });

  test("cuts out a part of the dtype's range before quantizing", () => {
    const graph = parseGraph("g (float[3] x) => (float[3] y) { y = Relu (x) }");
    const source = prepared(graph, { y: observed("uint8", { range: [0, 127] }) });
    const inputs = new Map([["x", Tensor.of("float", [-0.4, 0.6, 3])]]);
    expect([...evaluate(convert(source), inputs).get("y")!.floats()]).toEqual([
      ...evaluate(source, inputs).get("y")!.floats(),
    ]);
  });

  test("keeps the scale scalar where one serves a tensor, and puts axes where the weights' channels are", () => {
    const graph = parseGraph(`g (float[2,4] x) => (float[2,3] y) <float[4,4] w, float[3,4] v> {
      [first] m = MatMul (x, w)
      [second] y = Gemm <transB = 1> (m, v)
    }`);
    const converted = convert(prepared(graph, { "first#B": weight(1), "second#B": weight(0), m: activation }));
    const axes = [...converted.nodes].map((node) => [
      node.op,
      node.inputs[1]?.shape?.length,
      node.attributes.has("axis") ? node.int("axis", -1) : null,
    ]);
    expect(axes).toEqual([
      ["DequantizeLinear", 1, 1],
      ["MatMul", 2, null],
      ["QuantizeLinear", 0, null],
      ["DequantizeLinear", 0, null],
      ["DequantizeLinear", 1, 0],
      ["Gemm", 2, null],
    ]);
  });

  test("widens the weight scale of a channel whose bias would overflow int32", () => {
    const graph = parseGraph(`g (float[1,2] x) => (float[1,2] y)
    <float[2,2] w = {1.0, 0.0, 0.5, 0.0}, float[2] b = {1.0, 40.0}> { [dense] y = Gemm (x, w, b) }`);
    const converted = convert(
      prepared(graph, { "dense#A": activation, "dense#B": weight(1), y: fixed("uint8", 0.5, 0) }),
    );
    const bias = converted.node("dense")!.inputs[2]!.producer!;
    expect(
      bias.input
        .initializer!.numbers()
        .map(Math.abs)
        .every((code) => code <= 2 ** 30 + 64),
    ).toBe(true);
    const result = evaluate(converted, new Map([["x", Tensor.of("float", [1, 1], [1, 2])]]));
    expect([...result.get("y")!.floats()]).toEqual([2.5, 40]);
  });

  test("stores 4-bit weights by blocks", () => {
    const graph = parseGraph("g (float[N,5] x) => (float[N,2] y) <float[5,2] w> { [dense] y = MatMul (x, w) }");
    const blocks = observed("int4", {
      range: [-7, 7],
      symmetric: true,
      granularity: { kind: "block", axis: 0, size: 2 },
    });
    const source = prepared(graph, { "dense#B": blocks });
    const converted = convert(source);
    const w = converted.value("w")!;
    expect([w.dtype, w.users[0]!.inputs[1]!.shape, w.users[0]!.int("block_size", 0)]).toEqual(["int4", [3, 2], 2]);
    const inputs = new Map([["x", seeded("x", "float", [3, 5])]]);
    expect(evaluate(converted, inputs).get("y")!.floats()).toEqual(evaluate(source, inputs).get("y")!.floats());
  });

  test("refuses a trained graph whose activations were never observed", () => {
    const graph = parseGraph("g (float[3] x) => (float[3] y) { y = Relu (x) }");
    const unseen = prepare(graph, planOf(graph, { y: activation }), { mode: "qat" });
    expect(() => convert(unseen)).toThrow(/^error quantize\/never-observed: "y" has no range/);
  });
});

describe("a converted graph", () => {
  const text = `g (float[2,3,6,6] x) => (float[2,5] y)
  <float[8,3,3,3] w, float[8] b, float[8,8,1,1] v, float[8] c, float[8,5] d, float[5] e> {
    [conv] a = Conv (x, w, b)
    r = Relu (a)
    [pool] p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
    [right] q = Conv (p, v, c)
    [sum] s = Add (p, q)
    [mean] m = GlobalAveragePool (s)
    [flat] f = Flatten (m)
    [dense] y = Gemm (f, d, e)
  }`;
  const specs = {
    "conv#X": activation,
    "conv#W": weight(0),
    r: observed("uint8"),
    "pool#X": "r",
    p: "r",
    "right#X": "p",
    "right#W": weight(0),
    q: activation,
    "sum#A": "p",
    "sum#B": "q",
    s: activation,
    "mean#X": "s",
    m: activation,
    "flat#input": "m",
    f: "m",
    "dense#A": "f",
    "dense#B": weight(1),
    y: activation,
  };

  test("computes what the prepared graph computes, up to one step of the codes", async () => {
    const source = prepared(parseGraph(text), specs);
    const converted = convert(source);
    const x = seeded("x", "float", [2, 3, 6, 6]);
    const expected = evaluate(source, new Map([["x", x]]))
      .get("y")!
      .floats();
    const session = await Session.create(newModel(converted));
    const { y } = await session.run({ x });
    await session.release();
    const steps = y!.floats().map((value, i) => Math.abs(value - expected[i]!) / Math.fround(2 / 255));
    expect(Math.max(...steps)).toBeLessThan(1.01);
  });
});
