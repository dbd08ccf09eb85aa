import { parseModel, seeded, type Model } from "@lowbit/ir";
import { expect, test } from "vitest";
import {
  diffPlans,
  fixed,
  keepFloat,
  mergePlans,
  nodesMatching,
  planDiffText,
  planFromJson,
  planText,
  planToJson,
  quantizeModel,
  withSpec,
  x86,
} from "./index.ts";

const net = (): Model =>
  parseModel(`net (float[N,3,8,8] x) => (float[N,4,8,8] y) <float[4,3,3,3] w, float[4,4,1,1] v> {
    [first] a = Conv <pads = [1, 1, 1, 1]> (x, w)
    [act] r = Relu (a)
    [second] y = Conv (r, v)
  }`);

test("two plans that give a value other specs are merged, and the conflict names the value and both specs", () => {
  const { graph } = net();
  const first = x86({ prefer: "integer" }).quantizer.annotate(graph);
  const pinned = withSpec(first, graph.value("r")!, fixed("uint8", 0.5, 0));
  const { plan, conflicts } = mergePlans(first, pinned);
  expect(planDiffText(plan, conflicts)).toMatchInlineSnapshot(`
    "- r = uint8 per-tensor affine
    + r = uint8 fixed(scale 0.5, zero point 0)"
  `);
  expect(planText(plan)).toBe(planText(first));
  expect(planDiffText(plan, mergePlans(pinned, first).conflicts)).toMatchInlineSnapshot(`
    "- r = uint8 fixed(scale 0.5, zero point 0)
    + r = uint8 per-tensor affine"
  `);
  expect(mergePlans(first, first).conflicts).toEqual([]);
});

test("a merged plan quantizes what either plan quantizes, and what differs prints", () => {
  const { graph } = net();
  const whole = x86({ prefer: "integer" }).quantizer.annotate(graph);
  const [withoutFirst, withoutSecond] = ["first", "second"].map((name) =>
    keepFloat(whole, nodesMatching(graph, [name])),
  );
  const merged = mergePlans(withoutFirst!, withoutSecond!);
  expect(merged.plan.skipped).toEqual([]);
  expect(planDiffText(whole, diffPlans(whole, withoutFirst!))).toMatchInlineSnapshot(`
    "- first#X = uint8 per-tensor affine
    - first#W = int8 -127..127 per-channel(0) symmetric"
  `);
});

test("a scale that a plan pins is the scale in the file", async () => {
  const model = net();
  const json = planToJson(x86({ prefer: "integer" }).quantizer.annotate(model.graph));
  const points = {
    ...json.points,
    "first#X": { kind: "fixed", dtype: "uint8", scale: 0.03125, zeroPoint: 7 },
  } as const;
  const data = [{ x: seeded("x", "float", [32, 3, 8, 8]) }];
  const quantized = await quantizeModel(model, { backend: x86(), data, plan: { ...json, points } });
  const [quantize] = quantized.model.graph.value("x")!.users;
  expect(quantize!.inputs.slice(1).map((value) => value!.constant!.item())).toEqual([0.03125, 7]);
  expect(planText(planFromJson(model.graph, planToJson(quantized.plan)))).toContain(
    "first#X = uint8 fixed(scale 0.03125, zero point 7)",
  );
});
