import { newModel, parseGraph, seeded, type Model } from "@lowbit/ir";
import { whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { calibrate } from "../calibrate/calibrate.ts";
import { convert } from "../convert/convert.ts";
import { createPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { asDeployed } from "./as-deployed.ts";

const feeds = { x: seeded("x", "float", [4, 3, 6, 6]) };

/** Two convolutions between codes, of which only the first has weights in codes. */
async function prepared(): Promise<Model> {
  const model = newModel(
    parseGraph(`net (float[N,3,6,6] x) => (float[N,6,2,2] y) <float[6,3,3,3] w1, float[6,6,3,3] w2> {
      [first] c = Conv (x, w1)
      r = Relu (c)
      [second] d = Conv (r, w2)
      y = Relu (d)
    }`),
  );
  const names = new PointNames(model.graph);
  const specs: Record<string, QuantSpec> = {
    "first#W": observed("int8", { range: [-127, 127], symmetric: true }),
    x: observed("uint8"),
    r: observed("uint8"),
    y: observed("uint8"),
  };
  const plan = createPlan(
    model.graph,
    new Map(Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec])),
  );
  const { ranges } = await calibrate(model, plan, [feeds]);
  return { ...model, graph: prepare(model.graph, plan, { mode: "static", ranges }) };
}

const convolutionsOf = async (model: Model): Promise<readonly string[]> =>
  (await whatRan(model, feeds)).map(({ op }) => op).filter((op) => op.includes("Conv"));

test("a layer that the plan leaves float runs in float where layers are fitted, as it does when deployed", async () => {
  const { graph, ...rest } = await prepared();
  // By itself ONNX Runtime rounds the float weights between codes, and runs both on integers.
  expect(await convolutionsOf({ ...rest, graph: convert(graph) })).toEqual(["QLinearConv", "QLinearConv"]);
  const [first, second] = await convolutionsOf(asDeployed(await prepared()));
  expect(first).toBe("QLinearConv");
  expect(second).not.toBe("QLinearConv");
});
