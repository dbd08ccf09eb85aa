import { cloneModel, newModel, parseGraph } from "@lowbit/ir";
import { floatArithmetic, type IntegerArithmetic } from "@lowbit/reference";
import { integerOperators } from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import { expect, test } from "vitest";
import { agreement } from "./agreement.ts";

const model = newModel(
  parseGraph(`g (float[1,4,8,8] x) => (y)
  <float s = {0.05}, float t = {0.06}, uint8 z = {128}, int8 zw = {0}, int8[4,4,3,3] w> {
    q = QuantizeLinear (x, s, z)
    d = DequantizeLinear (q, s, z)
    v = DequantizeLinear (w, s, zw)
    c = Conv (d, v)
    r = QuantizeLinear (c, t, z)
    y = DequantizeLinear (r, t, z)
  }`),
);

const integers = cloneModel(model);
runPasses(integers, [integerOperators]);

test("the interpreter and ONNX Runtime agree under the arithmetic that ONNX Runtime has", async () => {
  expect(await agreement(model, integers, floatArithmetic)).toMatchObject({
    values: 3 * 4 * 36,
    differing: 0,
    steps: 0,
  });
});

test("they differ by as many steps as another arithmetic is off", async () => {
  const off: IntegerArithmetic = {
    ...floatArithmetic,
    requantize: (product, y) => (accumulator) =>
      Math.max(y.range[0], floatArithmetic.requantize(product, y)(accumulator) - 3),
  };
  expect((await agreement(model, integers, off)).steps).toBe(3);
});
