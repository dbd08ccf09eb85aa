import fc from "fast-check";
import { GraphEditor, newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { expect, test, vi } from "vitest";
import { calibrate } from "../calibrate/calibrate.ts";
import { convert } from "../convert/convert.ts";
import { createPlan, planText, type QuantPlan } from "../plan/plan.ts";
import { planFromJson, planToJson } from "../plan/plan-json.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { cutRanges, withCutRanges, type RangeCut } from "./cut-ranges.ts";

// Each cut is looked at in models of its own.
vi.setConfig({ testTimeout: 60_000 });

/** Two products with channels between them that are larger by these factors, which the second one takes back. */
function net(factors: readonly number[]): Model {
  const model = newModel(
    parseGraph(`net (float[N,8] x) => (float[N,5] y) <float[8,6] w1, float[6,5] w2> {
      [first] h = MatMul (x, w1)
      r = Relu (h)
      [second] y = MatMul (r, w2)
    }`),
  );
  const editor = new GraphEditor(model.graph);
  const scale = (name: string, factor: (index: number) => number): void => {
    const value = model.graph.value(name)!;
    const tensor = seeded(name, "float", value.shape as readonly number[]);
    editor.setInitializer(
      value,
      Tensor.of(
        "float",
        tensor.numbers().map((each, i) => each * factor(i)),
        tensor.dims,
      ),
    );
  };
  scale("w1", (i) => factors[i % 6]!);
  scale("w2", (i) => 1 / factors[Math.floor(i / 5)]!);
  return model;
}

const data: readonly Feeds[] = Array.from({ length: 4 }, (_, i) => ({ x: seeded(`x${i}`, "float", [16, 8]) }));

function planOf({ graph }: Model, values: readonly string[] = ["x", "r", "y"]): QuantPlan {
  const names = new PointNames(graph);
  const specs = values.map((name): [QuantPoint, QuantSpec] => [names.find(name)!, observed("uint8")]);
  return createPlan(graph, new Map(specs));
}

async function cutsOf(model: Model): Promise<readonly RangeCut[]> {
  const plan = planOf(model);
  const { ranges } = await calibrate(model, plan, data);
  const graph = prepare(model.graph, plan, { mode: "static", ranges });
  return cutRanges({ ...model, graph }, { plan, data, threads: 1 });
}

/** The SQNR of a model as it is deployed against the float one, in dB. */
async function sqnr(model: Model, plan: QuantPlan): Promise<number> {
  const { ranges } = await calibrate(model, plan, data);
  const graph = convert(prepare(model.graph, plan, { mode: "static", ranges }));
  const [float, quantized] = [await Session.create(model), await Session.create({ ...model, graph })];
  let [signal, noise] = [0, 0];
  for (const feeds of data) {
    const [wanted, given] = [(await float.run(feeds))["y"]!.floats(), (await quantized.run(feeds))["y"]!.floats()];
    wanted.forEach((value, i) => {
      signal += value ** 2;
      noise += (value - given[i]!) ** 2;
    });
  }
  await float.release();
  await quantized.release();
  return 10 * Math.log10(signal / noise);
}

test("a range is cut where one channel makes the codes of all others coarse", async () => {
  const model = net([200, 1, 1, 1, 1, 1]);
  const [cut, ...others] = await cutsOf(model);
  expect([cut!.values, others]).toEqual([["r"], []]);
  const whole = planOf(model);
  expect(await sqnr(model, withCutRanges(whole, [cut!]))).toBeGreaterThan((await sqnr(model, whole)) + 3);
});

test("cuts lower the noise of their values alone by what they say, whatever the channels", async () => {
  const exponent = fc.double({ min: -4, max: 4, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(exponent, { minLength: 6, maxLength: 6 }), async (exponents) => {
      const model = net(exponents.map((each) => 2 ** each));
      const cuts = await cutsOf(model);
      expect(await cutsOf(model)).toEqual(cuts);
      const { ranges } = await calibrate(model, planOf(model), data);
      for (const cut of cuts) {
        const [name] = cut.values as readonly [string];
        const { min, max } = ranges.get(model.graph.value(name)!)!;
        const scale = (Math.max(max[0]!, 0) - Math.min(min[0]!, 0)) / 255;
        expect(cut.scale).toBeCloseTo(scale * cut.share, 5);
        expect(cut.share).toBeLessThan(1);
        const alone = planOf(model, [name]);
        expect(await sqnr(model, alone)).toBeCloseTo(cut.whole, 3);
        expect(await sqnr(model, withCutRanges(alone, [cut]))).toBeCloseTo(cut.cut!, 3);
        expect(cut.cut).toBeGreaterThan(cut.whole);
      }
    }),
    { numRuns: process.env["LOWBIT_NIGHTLY"] === "1" ? 100 : 5, seed: 1 },
  );
});

test("a plan with cut ranges survives JSON, and leaves other dtypes and other values alone", () => {
  const model = net([1, 1, 1, 1, 1, 1]);
  const cut: RangeCut = { values: ["r"], dtype: "uint8", scale: 0.25, zeroPoint: 3, share: 0.5, whole: 20, cut: 30 };
  const plan = withCutRanges(planOf(model), [cut]);
  expect(planText(plan)).toMatchInlineSnapshot(`
    "x = uint8 per-tensor affine
    r = uint8 fixed(scale 0.25, zero point 3)
    y = uint8 per-tensor affine"
  `);
  expect(planText(planFromJson(model.graph, planToJson(plan)))).toBe(planText(plan));
  const plain = planOf(model);
  expect(planText(withCutRanges(plain, [{ ...cut, dtype: "int8" }]))).toBe(planText(plain));
});
