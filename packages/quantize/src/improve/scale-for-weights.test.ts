import { newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { convert } from "../convert/convert.ts";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type Granularity, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { scaleForWeights } from "./scale-for-weights.ts";

/** A normalization with two readers, one of them before a third layer behind Relu; a Conv, and the layer behind flattening. */
const net = (): Model =>
  newModel(
    parseGraph(`net (float[16,24] x, float[16,4,4,4] i) => (float[16,6] y, float[16,5] z)
      <float[24] scale, float[24] bias, float[24,12] q, float[24,12] k, float[12,6] v,
       float[6,4,3,3] w, float[24,5] u> {
        n = LayerNormalization <axis = -1> (x, scale, bias)
        [queries] a = MatMul (n, q)
        [keys] b = MatMul (n, k)
        r = Relu (a)
        m = Mul (r, b)
        [values] y = MatMul (m, v)
        [conv] c = Conv (i, w)
        p = Relu (c)
        f = Flatten (p)
        [dense] z = MatMul (f, u)
      }`),
  );

/** Every fifth input channel is far larger than the others. */
const data: readonly Feeds[] = Array.from({ length: 4 }, (_, s) => ({
  x: Tensor.of(
    "float",
    seeded(`x${s}`, "float", [16 * 24])
      .numbers()
      .map((value, i) => value * (i % 5 === 0 ? 30 : 1)),
    [16, 24],
  ),
  i: Tensor.of("float", seeded(`i${s}`, "float", [16 * 64]).numbers(), [16, 4, 4, 4]),
}));

function planOf({ graph }: Model, granularity: (layer: string) => Granularity): QuantPlan {
  const names = new PointNames(graph);
  const specs = ["queries", "keys", "values", "conv", "dense"].map((layer): [QuantPoint, QuantSpec] => [
    names.findNode(layer)!.operands[1]!,
    observed("int4", { range: [-7, 7], symmetric: true, granularity: granularity(layer) }),
  ]);
  return createPlan(graph, new Map(specs));
}

const perChannel = (layer: string): Granularity => ({ kind: "channel", axis: layer === "conv" ? 0 : 1 });

async function outputs(model: Model): Promise<readonly number[]> {
  const session = await Session.create(model, { threads: 1, optimization: "disabled" });
  const values: number[] = [];
  for (const feeds of data) {
    for (const tensor of Object.values(await session.run(feeds))) values.push(...tensor.floats());
  }
  await session.release();
  return values;
}

const squaredError = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);

function quantized(model: Model, plan: QuantPlan): Model {
  return { ...model, graph: convert(prepare(model.graph, plan, { mode: "static", ranges: new Map() })) };
}

test("the float function stays, and 4-bit weights change it less", async () => {
  const [float, model] = [net(), net()];
  const plan = planOf(model, perChannel);
  const wanted = await outputs(float);
  const plain = squaredError(await outputs(quantized(model, plan)), wanted);
  const { layers, diagnostics } = await scaleForWeights(model, plan, { data, threads: 1 });
  const square = wanted.reduce((sum, value) => sum + value * value, 0);
  expect(squaredError(await outputs(model), wanted) / square).toBeLessThan(1e-12);
  expect(squaredError(await outputs(quantized(model, plan)), wanted)).toBeLessThan(0.8 * plain);
  const alphas = new Map(layers.map(({ node, alpha }) => [node.name, alpha]));
  expect([...alphas.keys()]).toEqual(["queries", "keys", "dense"]);
  expect(alphas.get("queries")).toBeGreaterThan(0);
  expect(alphas.get("keys")).toBe(alphas.get("queries"));
  expect(diagnostics.map(({ message }) => message)).toMatchInlineSnapshot(`
    [
      "MatMul "values": its inputs are not rescaled for its weights, because what stands before it is no LayerNormalization and no layer with channels of its own scales",
      "Conv "conv": its inputs are not rescaled for its weights, because what stands before it is no LayerNormalization and no layer with channels of its own scales",
    ]
  `);
});

test("a layer with one scale for all channels does not pay for the one behind it", async () => {
  const model = net();
  const plan = planOf(model, (layer) => (layer === "conv" ? { kind: "tensor" } : perChannel(layer)));
  const { layers } = await scaleForWeights(model, plan, { data, threads: 1 });
  expect(layers.map(({ node }) => node.name)).toEqual(["queries", "keys"]);
});
