import { parseGraph, printGraph, type Graph } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { fixed, observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { bypassFakeQuantize, freezeObservers } from "./freeze-observers.ts";
import { prepare } from "./prepare.ts";

const activation = observed("uint8");
const weight = observed("int8", { range: [-127, 127], symmetric: true, granularity: { kind: "channel", axis: 0 } });

function planOf(graph: Graph, specs: Readonly<Record<string, QuantSpec | string>>): QuantPlan {
  const names = new PointNames(graph);
  const entries = Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [
    names.find(name)!,
    typeof spec === "string" ? { kind: "shared", with: names.find(spec)! } : spec,
  ]);
  return createPlan(graph, new Map(entries));
}

const convolution = `g (float[1,3,8,8] x) => (float[1,4,6,6] y) <float[4,3,3,3] w> {
  [conv] c = Conv (x, w)
  y = Relu (c)
}`;

describe("prepare for training", () => {
  test("keeps activation ranges in buffers, scales weights by their own range, and observes before quantizing", () => {
    const graph = parseGraph(convolution);
    const plan = planOf(graph, { "conv#W": weight, y: activation });
    expect(printGraph(prepare(graph, plan, { mode: "qat" }))).toMatchInlineSnapshot(`
      "g (float[1,3,8,8] x) => (float[1,4,6,6] y)
      <
        float[4,3,3,3] w,
        float "y.range.min" = {inf},  # buffer
        float "y.range.max" = {-inf}  # buffer
      > {
        "w.min", "w.max" = lowbit.ObserveRange <mode = "current", axis = 0> (w)
        "w.scale", "w.zero_point" = lowbit.QuantizationParameters <qmin = -127, qmax = 127, symmetric = 1, dtype = "int8", eps = 1.1920929e-7> ("w.min", "w.max")
        "y.scale", "y.zero_point" = lowbit.QuantizationParameters <qmin = 0, qmax = 255, symmetric = 0, dtype = "uint8", eps = 1.1920929e-7> ("y.range.min", "y.range.max")
        w_fq = lowbit.FakeQuantize <qmin = -127, qmax = 127, axis = 0, covers_range = 1> (w, "w.scale", "w.zero_point")
        [conv] c = Conv (x, w_fq)
        y_1 = Relu (c)
        y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (y_1, "y.scale", "y.zero_point")
        "y.range.min.next", "y.range.max.next" = lowbit.ObserveRange <mode = "moving-average", averaging_constant = 0.01> (y_1, "y.range.min", "y.range.max")
        assign_out = lowbit.Assign ("y.range.min", "y.range.min.next")
        assign_out_1 = lowbit.Assign ("y.range.max", "y.range.max.next")
      }"
    `);
  });

  test("leaves the graph it was given as it was", () => {
    const graph = parseGraph(convolution);
    const before = printGraph(graph);
    prepare(graph, planOf(graph, { "conv#X": activation }), { mode: "qat" });
    expect(printGraph(graph)).toBe(before);
  });

  test("starts from the ranges that calibration found", () => {
    const graph = parseGraph(convolution);
    const plan = planOf(graph, { y: activation });
    const ranges = new Map([[graph.value("y")!, { min: [0], max: [2.5] }]]);
    const prepared = prepare(graph, plan, { mode: "qat", ranges });
    const ends = ["y.range.min", "y.range.max"].map((name) => prepared.value(name)!);
    expect(ends.map((value) => [value.role, value.initializer!.item()])).toEqual([
      ["buffer", 0],
      ["buffer", 2.5],
    ]);
  });

  test("gives a group one range over all its sources, and quantizes each member with it", () => {
    const graph = parseGraph(`g (float[1,2] a, float[1,2] b) => (float[1,4] y) {
      [left] r = Relu (a)
      [right] s = Erf (b)
      [cat] y = Concat <axis = 1> (r, s)
    }`);
    const plan = planOf(graph, { r: activation, "cat#inputs0": "r", "cat#inputs1": "r", y: "r" });
    expect(printGraph(prepare(graph, plan, { mode: "qat" }))).toMatchInlineSnapshot(`
      "g (float[1,2] a, float[1,2] b) => (float[1,4] y)
      <
        float "r.range.min" = {inf},  # buffer
        float "r.range.max" = {-inf},  # buffer
        int64[1] one = {1}
      > {
        "r.scale", "r.zero_point" = lowbit.QuantizationParameters <qmin = 0, qmax = 255, symmetric = 0, dtype = "uint8", eps = 1.1920929e-7> ("r.range.min", "r.range.max")
        [left] r = Relu (a)
        r_fq = lowbit.FakeQuantize <qmin = 0, qmax = 255> (r, "r.scale", "r.zero_point")
        [right] s = Erf (b)
        s_fq = lowbit.FakeQuantize <qmin = 0, qmax = 255> (s, "r.scale", "r.zero_point")
        [cat] y_1 = Concat <axis = 1> (r_fq, s_fq)
        y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (y_1, "r.scale", "r.zero_point")
        observerange_out, observerange_out1 = lowbit.ObserveRange <mode = "current"> (r)
        observerange_out_1, observerange_out1_1 = lowbit.ObserveRange <mode = "current"> (s)
        reshape_out = Reshape (observerange_out, one)
        reshape_out_1 = Reshape (observerange_out1, one)
        reshape_out_2 = Reshape (observerange_out_1, one)
        reshape_out_3 = Reshape (observerange_out1_1, one)
        concat_out = Concat <axis = 0> (reshape_out, reshape_out_1, reshape_out_2, reshape_out_3)
        "r.range.min.next", "r.range.max.next" = lowbit.ObserveRange <mode = "moving-average", averaging_constant = 0.01> (concat_out, "r.range.min", "r.range.max")
        assign_out = lowbit.Assign ("r.range.min", "r.range.min.next")
        assign_out_1 = lowbit.Assign ("r.range.max", "r.range.max.next")
      }"
    `);
  });

  test("uses fixed parameters as they are", () => {
    const graph = parseGraph("g (float[2] x) => (float[2] y) { y = Sigmoid (x) }");
    const plan = planOf(graph, { y: fixed("uint8", 1 / 256, 0) });
    expect(printGraph(prepare(graph, plan, { mode: "qat" }))).toMatchInlineSnapshot(`
      "g (float[2] x) => (float[2] y)
      <float "y.scale" = {0.00390625}, uint8 "y.zero_point" = {0}> {
        y_1 = Sigmoid (x)
        y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (y_1, "y.scale", "y.zero_point")
      }"
    `);
  });

  test("quantizes a value once when several operands read it in one form", () => {
    const graph = parseGraph("g (float[2] x) => (float[2] y) { [one] e = Erf (x) [two] y = Mul (x, e) }");
    const plan = planOf(graph, { "one#0": activation, "two#A": "one#0" });
    const prepared = prepare(graph, plan, { mode: "qat" });
    expect([...prepared.nodes].filter((node) => node.op === "FakeQuantize").length).toBe(1);
    expect(prepared.node("two")!.inputs[0]).toBe(prepared.node("one")!.inputs[0]);
  });

  test("scales weights by blocks along an axis that the blocks need not divide", () => {
    const graph = parseGraph("g (float[N,5] x) => (float[N,2] y) <float[5,2] w> { [dense] y = MatMul (x, w) }");
    const blocks = observed("int4", { symmetric: true, granularity: { kind: "block", axis: 0, size: 2 } });
    const prepared = prepare(graph, planOf(graph, { "dense#B": blocks }), { mode: "qat" });
    expect(printGraph(prepared)).toMatchInlineSnapshot(`
      "g (float[N,5] x) => (float[N,2] y)
      <
        float[5,2] w = {-0.14174888, -0.0975983, -0.11295555, -0.1325534, -0.017972093, 0.026769195, 0.18814862, -0.1520651, -0.031889986, -0.030295476},
        int64[4] pads = {0, 0, 1, 0},
        int64[3] split = {3, 2, 2},
        int64[2] rows = {-1, 2},
        int64[2] scale_shape = {3, 2}
      > {
        pad_out = Pad (w, pads)
        reshape_out = Reshape (pad_out, split)
        transpose_out = Transpose <perm = [0, 2, 1]> (reshape_out)
        reshape_out_1 = Reshape (transpose_out, rows)
        observerange_out, observerange_out1 = lowbit.ObserveRange <mode = "current", axis = 0> (reshape_out_1)
        reshape_out_2 = Reshape (observerange_out, scale_shape)
        reshape_out_3 = Reshape (observerange_out1, scale_shape)
        "w.scale", "w.zero_point" = lowbit.QuantizationParameters <qmin = -8, qmax = 7, symmetric = 1, dtype = "int4", eps = 1.1920929e-7> (reshape_out_2, reshape_out_3)
        w_fq = lowbit.FakeQuantize <qmin = -8, qmax = 7, axis = 0, block_size = 2> (w, "w.scale", "w.zero_point")
        [dense] y = MatMul (x, w_fq)
      }"
    `);
  });
});

describe("a static graph", () => {
  test("has ranges and no observers", () => {
    const graph = parseGraph(convolution);
    const plan = planOf(graph, { "conv#X": activation, "conv#W": weight });
    const ranges = new Map([[graph.node("conv")!.operands[0]!, { min: [-1], max: [1] }]]);
    const prepared = prepare(graph, plan, { mode: "static", ranges });
    expect([...prepared.nodes].map((node) => node.op)).toEqual([
      "QuantizationParameters",
      "ObserveRange",
      "QuantizationParameters",
      "FakeQuantize",
      "FakeQuantize",
      "Conv",
      "Relu",
    ]);
  });

  test("needs a range for every activation", () => {
    const graph = parseGraph(convolution);
    const plan = planOf(graph, { "conv#X": activation });
    expect(() => prepare(graph, plan, { mode: "static" })).toThrow(
      /^error quantize\/never-observed: "x" has no range: its observer never saw data\n/,
    );
  });
});

describe("a prepared graph", () => {
  test("stops observing when its observers are frozen; weights go on following their data", () => {
    const graph = parseGraph(convolution);
    const prepared = prepare(graph, planOf(graph, { "conv#X": activation, "conv#W": weight, y: activation }), {
      mode: "qat",
    });
    expect(freezeObservers(prepared)).toBe(4);
    expect([...prepared.nodes].map((node) => node.op)).toEqual([
      "QuantizationParameters",
      "ObserveRange",
      "QuantizationParameters",
      "QuantizationParameters",
      "FakeQuantize",
      "FakeQuantize",
      "Conv",
      "Relu",
      "FakeQuantize",
    ]);
  });

  test("computes in float and only observes when its fake quantization is bypassed", () => {
    const graph = parseGraph(convolution);
    const prepared = prepare(graph, planOf(graph, { "conv#W": weight, y: activation }), { mode: "qat" });
    expect(bypassFakeQuantize(prepared)).toBe(2);
    expect(printGraph(prepared)).toMatchInlineSnapshot(`
      "g (float[1,3,8,8] x) => (float[1,4,6,6] y)
      <
        float[4,3,3,3] w,
        float "y.range.min" = {inf},  # buffer
        float "y.range.max" = {-inf}  # buffer
      > {
        [conv] c = Conv (x, w)
        y = Relu (c)
        "y.range.min.next", "y.range.max.next" = lowbit.ObserveRange <mode = "moving-average", averaging_constant = 0.01> (y, "y.range.min", "y.range.max")
        assign_out = lowbit.Assign ("y.range.min", "y.range.min.next")
        assign_out_1 = lowbit.Assign ("y.range.max", "y.range.max.next")
      }"
    `);
  });
});
