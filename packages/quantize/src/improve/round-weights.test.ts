import { newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { describe, expect, test, vi } from "vitest";
import { calibrate } from "../calibrate/calibrate.ts";
import { convert } from "../convert/convert.ts";
import { createPlan, planText, type QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type Granularity, type QuantDType, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import type { Ranges } from "../calibrate/ranges.ts";
import { prepare } from "../prepare/prepare.ts";
import { adaround, gptq } from "./round-weights.ts";

// AdaRound takes a thousand steps per layer, which take seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const net = (): Model =>
  newModel(
    parseGraph(`net (float[8,3,8,8] x) => (float[8,5] y)
      <float[8,3,3,3] w1, float[8] b1, float[8,1,3,3] w2, float[8,4,1,1] w3, float[32,6] w4, float[6] b4, float[6,5] w5> {
        [plain] c1 = Conv (x, w1, b1)
        r1 = Relu (c1)
        [depthwise] c2 = Conv <group = 8> (r1, w2)
        r2 = Relu (c2)
        [grouped] c3 = Conv <group = 2, strides = [2, 2]> (r2, w3)
        f = Flatten (c3)
        [dense] h = Gemm (f, w4, b4)
        r4 = Relu (h)
        [product] y = MatMul (r4, w5)
      }`),
  );

const layers = ["plain", "depthwise", "grouped", "dense", "product"];

/** Inputs whose neighbours are alike, as in images. */
const data: readonly Feeds[] = Array.from({ length: 8 }, (_, i) => {
  const noise = seeded(`x${i}`, "float", [8 * 3 * 64]).numbers();
  let last = 0;
  return {
    x: Tensor.of(
      "float",
      noise.map((value) => (last = 0.8 * last + value + 0.05)),
      [8, 3, 8, 8],
    ),
  };
});

function planOf({ graph }: Model, dtype: QuantDType, granularity: "tensor" | "channel" | "block"): QuantPlan {
  const names = new PointNames(graph);
  const along = (layer: string): Granularity => {
    const [output, input] = layer === "dense" || layer === "product" ? [1, 0] : [0, 1];
    if (granularity === "channel") return { kind: "channel", axis: output };
    return granularity === "tensor" ? { kind: "tensor" } : { kind: "block", axis: input, size: 8 };
  };
  const weights = layers.map((layer): [QuantPoint, QuantSpec] => {
    const node = names.findNode(layer)!;
    return [
      node.operands[1]!,
      observed(dtype, { symmetric: true, range: dtype === "int4" ? [-7, 7] : [-127, 127], granularity: along(layer) }),
    ];
  });
  const activations = ["x", "r1", "r2", "f", "r4"].map((name): [QuantPoint, QuantSpec] => [
    names.find(name)!,
    observed("uint8"),
  ]);
  return createPlan(graph, new Map([...weights, ...activations]));
}

async function outputs(model: Model): Promise<readonly number[]> {
  const session = await Session.create(model, { threads: 1 });
  const values: number[] = [];
  for (const feeds of data) values.push(...(await session.run(feeds))["y"]!.floats());
  await session.release();
  return values;
}

function quantized(model: Model, plan: QuantPlan, ranges: Ranges): Model {
  return { ...model, graph: convert(prepare(model.graph, plan, { mode: "static", ranges })) };
}

const squaredError = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);

describe.each([
  ["GPTQ", gptq],
  ["AdaRound", adaround],
])("%s", (_, round) => {
  test.each([
    ["int4", "tensor"],
    ["int4", "channel"],
    ["int4", "block"],
    ["int8", "channel"],
  ] as const)(
    "with %s per %s brings the results of each layer nearer to those of its float weights",
    async (dtype, granularity) => {
      const [float, model] = [net(), net()];
      const plan = planOf(model, dtype, granularity);
      const { ranges } = await calibrate(model, plan, data, { threads: 1 });
      const wanted = await outputs(float);
      const plain = squaredError(await outputs(quantized(model, plan, ranges)), wanted);
      const rounded = await round(model, plan, { ranges, data, threads: 1 });
      expect(rounded.diagnostics).toEqual([]);
      expect(rounded.layers.map(({ node }) => node.name)).toEqual(layers);
      for (const { nearest, rounded: after } of rounded.layers) expect(after).toBeLessThanOrEqual(nearest);
      const sum = (name: "nearest" | "rounded"): number =>
        rounded.layers.reduce((total, layer) => total + layer[name], 0);
      expect(sum("rounded")).toBeLessThan(0.7 * sum("nearest"));
      const deployed = quantized(model, rounded.plan, ranges);
      const after = squaredError(await outputs(deployed), wanted);
      // Layers are rounded one by one, and in so small a model their errors may happen to cancel or to add up.
      expect(after / plain).toBeLessThan(granularity === "tensor" ? 0.7 : 1.05);
      // The weights of the float model are numbers of the grid, and the codes are theirs.
      const dequantized = deployed.graph.value("w4_dq")!.producer!;
      const [codes, scale] = [dequantized.inputs[0]!.constant!.numbers(), dequantized.inputs[1]!.constant!.numbers()];
      expect(scale.length).toBe({ tensor: 1, channel: 6, block: 24 }[granularity]);
      const weights = model.graph.value("w4")!.constant!.numbers();
      const at = (i: number): number =>
        ({ tensor: 0, channel: i % 6, block: Math.floor(i / 48) * 6 + (i % 6) })[granularity];
      expect([...codes].map((code, i) => Math.fround(code * scale[at(i)]!))).toEqual([...weights]);
    },
  );
});

/** Squared distance of what a graph computes for the data from its results with other weights. */
async function errorOf(model: Model, float: Model, feeds: Feeds): Promise<number> {
  const run = async (each: Model): Promise<number[]> => {
    const session = await Session.create(each, { threads: 1 });
    const results = Object.values(await session.run(feeds));
    await session.release();
    return results.flatMap((tensor) => [...tensor.floats()]);
  };
  return squaredError(await run(model), await run(float));
}

describe.each([
  ["GPTQ", gptq],
  ["AdaRound", adaround],
])("%s", (_, round) => {
  test("rounds a stack of matrices as one layer each", async () => {
    for (const input of ["float[4,3,16,24] x", "float[3,16,24] x", "float[16,24] x"]) {
      const text = `g (${input}) => (y) <float[3,24,8] w> { [stack] y = MatMul (x, w) }`;
      const [float, model] = [newModel(parseGraph(text)), newModel(parseGraph(text))];
      const spec = observed("int4", { range: [-7, 7], symmetric: true, granularity: { kind: "channel", axis: 2 } });
      const plan = createPlan(model.graph, new Map([[model.graph.node("stack")!.operands[1]!, spec]]));
      const x = seeded("x", "float", model.graph.inputs[0]!.shape as number[]);
      const feeds = {
        x: Tensor.of(
          "float",
          x.numbers().map((value, i) => value + 0.3 * Math.sin(i / 7)),
          x.dims,
        ),
      };
      const nearest = await errorOf(quantized(model, plan, new Map()), float, feeds);
      const rounded = await round(model, plan, { data: [feeds], threads: 1 });
      expect([rounded.diagnostics, rounded.layers.length]).toEqual([[], 1]);
      const after = await errorOf(quantized(model, rounded.plan, new Map()), float, feeds);
      expect(after / nearest).toBeLessThan(0.8);
      expect(Math.abs(after / rounded.layers[0]!.rounded - 1)).toBeLessThan(1e-3);
    }
  });

  test("rounds weights that layers share once, for all of them", async () => {
    const text = `g (float[64,12] x, float[64,12] z) => (a, b) <float[12,12] w> {
      [first] a = MatMul (x, w)
      [second] b = MatMul (z, w)
    }`;
    const [float, model] = [newModel(parseGraph(text)), newModel(parseGraph(text))];
    const [first, second] = ["first", "second"].map((name) => model.graph.node(name)!.operands[1]!);
    const spec = observed("int4", { range: [-7, 7], symmetric: true, granularity: { kind: "channel", axis: 1 } });
    const shared = { kind: "shared", with: first! } as const;
    const plan = createPlan(
      model.graph,
      new Map<QuantPoint, QuantSpec>([
        [first!, spec],
        [second!, shared],
      ]),
    );
    const alike = (name: string): Tensor => {
      const noise = seeded(name, "float", [64 * 12]).numbers();
      return Tensor.of(
        "float",
        noise.map((value, i) => value + Math.sin(i % 12)),
        [64, 12],
      );
    };
    const feeds = { x: alike("x"), z: alike("z") };
    const nearest = await errorOf(quantized(model, plan, new Map()), float, feeds);
    const rounded = await round(model, plan, { data: [feeds], threads: 1 });
    expect(rounded.diagnostics).toEqual([]);
    expect(rounded.layers.map(({ node }) => node.name)).toEqual(["first"]);
    const after = await errorOf(quantized(model, rounded.plan, new Map()), float, feeds);
    expect(after / nearest).toBeLessThan(0.8);
    // Both layers' errors are in the sum that was minimized.
    expect(Math.abs(after / rounded.layers[0]!.rounded - 1)).toBeLessThan(1e-3);
  });
});

test("layers that are not quantized stay as they are, and weights that are read in two ways are named", async () => {
  const model = newModel(
    parseGraph(`g (float[4,2] x) => (y) <float[2,2] w, float[2,2] u, float[2,2] v> {
      [first] a = MatMul (x, w)
      [turned] b = Gemm <transB = 1> (a, w)
      [third] c = MatMul (b, u)
      [fine] d = MatMul (c, v)
      [coarse] y = MatMul (d, v)
    }`),
  );
  const names = new PointNames(model.graph);
  const codes = observed("int4", { symmetric: true });
  const plan = createPlan(
    model.graph,
    new Map([
      [names.find("w")!, codes],
      [names.find("fine#B")!, observed("int8")],
      [names.find("coarse#B")!, codes],
    ]),
  );
  const rounded = await gptq(model, plan, { data: [{ x: seeded("x", "float", [4, 2]) }], threads: 1 });
  expect(rounded.layers).toHaveLength(0);
  expect(planText(rounded.plan)).toBe(planText(plan));
  expect(rounded.diagnostics.map(({ message }) => message)).toMatchInlineSnapshot(`
    [
      "MatMul "first": its weights round to nearest, because its weights are read elsewhere too, and not in the same way",
      "Gemm "turned": its weights round to nearest, because its weights are read elsewhere too, and not in the same way",
      "MatMul "fine": its weights round to nearest, because other layers read its weights in other codes",
      "MatMul "coarse": its weights round to nearest, because other layers read its weights in other codes",
    ]
  `);
});
