import { expect, test } from "vitest";
import { x86 } from "@lowbit/backend-x86";
import { parseGraph } from "@lowbit/ir";
import { planText } from "@lowbit/quantize";
import { withWeightScheme, type WeightScheme } from "./weight-scheme.ts";

const graph = parseGraph(`g (float[8,4,8,8] x) => (float[8,6] y)
  <float[16,4,3,3] w, float[16] b, float[576,6] m, float[6] c> {
    [conv] h = Conv (x, w, b)
    f = Flatten (h)
    [fc] y = Gemm (f, m, c)
  }`);

const plan = x86({ prefer: "integer" }).quantizer.annotate(graph);

function weights(scheme: WeightScheme): readonly string[] {
  return planText(withWeightScheme(plan, scheme))
    .split("\n")
    .filter((line) => /#[WB] |#C |^conv#B/.test(line));
}

test("changes dtype and granularity of weights, and nothing else", () => {
  expect(planText(withWeightScheme(plan, {}))).toBe(planText(plan));
  expect(weights({ dtype: "int4" })).toMatchInlineSnapshot(`
    [
      "conv#W = int4 -7..7 per-channel(0) symmetric",
      "conv#B = int32 bias(conv#X, conv#W)",
      "fc#B = int4 -7..7 per-channel(1) symmetric",
      "fc#C = int32 bias(fc#A, fc#B)",
    ]
  `);
  expect(weights({ granularity: "tensor" })).toMatchInlineSnapshot(`
    [
      "conv#W = int8 -127..127 per-tensor symmetric",
      "conv#B = int32 bias(conv#X, conv#W)",
      "fc#B = int8 -127..127 per-tensor symmetric",
      "fc#C = int32 bias(fc#A, fc#B)",
    ]
  `);
});

test("gives blocks to matrices along the axis that is summed over, and leaves their bias in float", () => {
  expect(weights({ dtype: "int4", granularity: { block: 32 } })).toMatchInlineSnapshot(`
    [
      "conv#W = int4 -7..7 per-channel(0) symmetric",
      "conv#B = int32 bias(conv#X, conv#W)",
      "fc#B = int4 -7..7 per-block(0, 32) symmetric",
    ]
  `);
});
