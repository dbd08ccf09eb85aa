import { parseGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { x86 } from "../x86.ts";

/** How many values are on codes where an activation stands between two wide convolutions of one element. */
function planned(activation: string): number {
  const graph =
    parseGraph(`g (float[64,16,48,48] x) => (float[64,16,48,48] y) <float[64,16,1,1] v, float[16,64,1,1] w> {
    c = Conv (x, v)
    a = ${activation} (c)
    y = Conv (a, w)
  }`);
  return x86({ batch: 64 }).quantizer.annotate(graph, {}).specs.size;
}

test("an activation that only a float convolution takes in keeps its convolutions in float", () => {
  expect(planned("Relu")).toBeGreaterThan(0);
  for (const activation of ["HardSwish", "HardSigmoid", "Tanh"]) expect(planned(activation)).toBe(0);
});
