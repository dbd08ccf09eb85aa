import { cloneModel, modelBytes, newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { describe, expect, test, vi } from "vitest";
import { calibrate } from "../calibrate/calibrate.ts";
import { convert } from "../convert/convert.ts";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { planFromJson, planToJson } from "../plan/plan-json.ts";
import { PointNames } from "../plan/point-names.ts";
import { fixed, observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { refit } from "./refit-weights.ts";
import { gptq } from "./round-weights.ts";

vi.setConfig({ testTimeout: 60_000 });

const net = (): Model =>
  newModel(
    parseGraph(`net (float[N,3,6,6] x) => (float[N,5] y) <
      float[6,3,3,3] w1, float[6] b1, float[6,1,3,3] w2, float[6] b2, float[24,5] w3
    > {
      [first] c = Conv (x, w1, b1)
      r = Relu (c)
      [second] d = Conv <group = 6> (r, w2, b2)
      e = Relu (d)
      f = Flatten (e)
      [third] y = MatMul (f, w3)
    }`),
  );

const data: readonly Feeds[] = Array.from({ length: 6 }, (_, i) => ({ x: seeded(`x${i}`, "float", [16, 3, 6, 6]) }));
const unseen: Feeds = { x: seeded("others", "float", [64, 3, 6, 6]) };

/** 5 bits, and a range of the values in the middle that cuts off most of what is there. */
function planOf(model: Model): QuantPlan {
  const names = new PointNames(model.graph);
  const weight = observed("int8", { range: [-15, 15], symmetric: true });
  const specs: Record<string, QuantSpec> = {
    "first#W": weight,
    x: observed("uint8", { range: [0, 31] }),
    r: fixed("uint8", 0.004, 0),
    "second#W": weight,
    e: observed("uint8", { range: [0, 31] }),
    "third#B": weight,
  };
  return createPlan(
    model.graph,
    new Map(Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec])),
  );
}

async function resultsOf(model: Model, feeds: Feeds): Promise<Float32Array> {
  const session = await Session.create(model, { threads: 1, optimization: "disabled" });
  const result = (await session.run(feeds))["y"]!.floats();
  await session.release();
  return result;
}

/** The squared error of a quantized model on data that nothing was fitted to. */
async function errorAfter(improve: typeof gptq | typeof refit | null): Promise<number> {
  const model = net();
  const float = await resultsOf(model, unseen);
  const plan = planOf(model);
  const { ranges } = await calibrate(model, plan, data);
  const improved = improve ? (await improve(model, plan, { ranges, data, threads: 1 })).plan : plan;
  const graph = convert(prepare(model.graph, improved, { mode: "static", ranges }));
  const made = await resultsOf({ ...model, graph }, unseen);
  return float.reduce((sum, value, i) => sum + (value - made[i]!) ** 2, 0);
}

describe("refitting weights", () => {
  test("makes up for ranges that are cut, where rounding alone cannot", async () => {
    const [plain, rounded, refitted] = [await errorAfter(null), await errorAfter(gptq), await errorAfter(refit)];
    expect(rounded).toBeLessThan(plain);
    expect(refitted).toBeLessThan(0.9 * rounded);
  });

  test("leaves weights of the grid that it pins: the plan gives the same bytes again", async () => {
    const bytes: Uint8Array[] = [];
    let pinned: QuantPlan | null = null;
    for (let run = 0; run < 2; run++) {
      const model = net();
      const plan = pinned ? planFromJson(model.graph, planToJson(pinned)) : planOf(model);
      const { ranges } = await calibrate(model, plan, data);
      const refitted = await refit(model, plan, { ranges, data, threads: 1 });
      expect(refitted.refitted).toBe(3);
      pinned = refitted.plan;
      bytes.push(modelBytes({ ...model, graph: convert(prepare(model.graph, pinned, { mode: "static", ranges })) }));
    }
    expect(Buffer.compare(bytes[0]!, bytes[1]!)).toBe(0);
  });

  test("changes nothing with one batch, and says so", async () => {
    const model = net();
    const before = modelBytes(cloneModel(model));
    const plan = planOf(model);
    const { ranges } = await calibrate(model, plan, data);
    const { refitted, diagnostics } = await refit(model, plan, { ranges, data: data.slice(0, 1) });
    expect(refitted).toBe(0);
    expect(diagnostics.map(({ message }) => message)).toEqual(
      ['Conv "first"', 'Conv "second"', 'MatMul "third"'].map(
        (layer) =>
          `${layer}: its weights round to nearest, because there is one batch of data only, and what is fitted to it could not be looked at on another`,
      ),
    );
    expect(Buffer.compare(modelBytes(model), before)).toBe(0);
    await expect(refit(model, plan, { ranges, data: [] })).rejects.toThrow("the calibration set is empty");
  });

  test("layers that share their weights are left alone", async () => {
    const model = newModel(
      parseGraph(`net (float[N,4] x) => (float[N,4] y) <float[4,4] w> {
        [a] t = MatMul (x, w)
        [b] y = MatMul (t, w)
      }`),
    );
    const names = new PointNames(model.graph);
    const specs = { x: observed("uint8"), w: observed("int8", { symmetric: true }), t: observed("uint8") };
    const plan = createPlan(
      model.graph,
      new Map(Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec])),
    );
    const feeds = [0, 1].map((i) => ({ x: Tensor.of("float", [...seeded(`${i}`, "float", [8]).numbers()], [2, 4]) }));
    const { ranges } = await calibrate(model, plan, feeds);
    const { refitted, diagnostics } = await refit(model, plan, { ranges, data: feeds });
    expect([refitted, diagnostics[0]!.message]).toEqual([
      0,
      'MatMul "a": its weights round to nearest, because several layers read them',
    ]);
  });
});
