import { parseGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { dynamicPlan, weightOnlyPlan } from "./mode-plans.ts";

test.each([
  ["dynamic", dynamicPlan],
  ["weight-only", weightOnlyPlan],
])("a %s plan of a model that is quantized already is refused", (_, plan) => {
  const graph = parseGraph(`g (float[2,4] x) => (y) <int8[4,3] w, float s = {0.1}, int8 z = {0}, float[3,2] v> {
    [weights] f = DequantizeLinear (w, s, z)
    c = MatMul (x, f)
    y = MatMul (c, v)
  }`);
  expect(() => plan(graph)).toThrow(
    `the model is quantized already: 1 of its nodes work on codes, the first is DequantizeLinear "weights"`,
  );
});
