import { parseGraph, type Graph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { dynamicPlan, weightOnlyPlan } from "./mode-plans.ts";
import { createPlan, type QuantPlan } from "./plan.ts";
import { checkPlanMode, modesOfPlan, quantizationModes, type QuantizationMode } from "./plan-mode.ts";
import { PointNames } from "./point-names.ts";
import { dynamic, fixed, observed, type QuantSpec } from "./spec.ts";

function graph(): Graph {
  return parseGraph(`g (float[N,4] x) => (y) <float[4,4] w, float[4,3] v> {
    [one] h = MatMul (x, w)
    [two] y = MatMul (h, v)
  }`);
}

function planOf(specs: Readonly<Record<string, QuantSpec>>): QuantPlan {
  const made = graph();
  const names = new PointNames(made);
  return createPlan(made, new Map(Object.entries(specs).map(([name, spec]) => [names.find(name)!, spec])));
}

const weight = observed("int8", { symmetric: true });

test.each<[string, QuantPlan, readonly QuantizationMode[]]>([
  ["ranges of activations", planOf({ "one#A": observed("uint8"), "one#B": weight }), ["static"]],
  ["fixed activations", planOf({ h: fixed("uint8", 0.1, 3), "two#B": weight }), ["static"]],
  ["what dynamic plans", dynamicPlan(graph()), ["dynamic"]],
  ["what weight-only plans", weightOnlyPlan(graph()), ["weight-only"]],
  ["a fixed grid of weights", planOf({ "one#B": fixed("int4", 0.1, 0) }), ["weight-only"]],
  ["either", planOf({ "one#A": dynamic, "one#B": weight, "two#A": observed("uint8") }), ["static", "dynamic"]],
  ["nothing", planOf({}), ["static", "dynamic", "weight-only"]],
])("a plan with %s is of its modes and refused in the others", (_, plan, modes) => {
  expect(modesOfPlan(plan)).toEqual(modes);
  for (const mode of modes) checkPlanMode(plan, mode);
  for (const mode of quantizationModes.filter((each) => !modes.includes(each))) {
    expect(() => checkPlanMode(plan, mode)).toThrow(
      `quantize/plan-mode: the plan is of mode ${modes.join(" and ")}, not ${mode}`,
    );
  }
});
