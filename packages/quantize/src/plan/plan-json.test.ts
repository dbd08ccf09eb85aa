import { parseGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { createPlan } from "./plan.ts";
import { improvementsOf, planToJson } from "./plan-json.ts";

test("a plan in JSON says what was done to the model for it", () => {
  const graph = parseGraph(`g (float[4] x) => (float[4] y) { y = Relu (x) }`);
  const json = planToJson(createPlan(graph, new Map()), ["refit"]);
  expect([json, improvementsOf(json)]).toEqual([{ improve: ["refit"], points: {}, skipped: [] }, ["refit"]]);
  expect(improvementsOf(planToJson(createPlan(graph, new Map())))).toEqual([]);
  expect(() => improvementsOf({ points: {}, improve: ["magic"] })).toThrow(
    '"improve" must list some of equalize, smooth, awq, gptq, adaround, refit, bias-correction, not "magic"',
  );
});
