import { parseGraph, printGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { convert } from "../convert/convert.ts";
import { learnScales } from "./learn-scales.ts";

const prepared = `net (float[N,2] x) => (float[N,2] y) <
    float[2,2] w = {1.0, 0.5, -0.25, 2.0},
    float low = {-1.0}, # buffer
    float high = {1.0} # buffer
  > {
    sx, zx = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
    lw, hw = lowbit.ObserveRange <mode = "current", axis = 1> (w)
    sw, zw = lowbit.QuantizationParameters <qmin = -127, qmax = 127, symmetric = 1, dtype = "int8"> (lw, hw)
    xq = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, sx, zx)
    wq = lowbit.FakeQuantize <qmin = -127, qmax = 127, axis = 1, covers_range = 1> (w, sw, zw)
    y = MatMul (xq, wq)
    nl, nh = lowbit.ObserveRange (x, low, high)
    a = lowbit.Assign (low, nl)
    b = lowbit.Assign (high, nh)
  }`;

test("every scale gets a parameter, observers stop, and weights are no longer known to be covered", () => {
  const graph = parseGraph(prepared);
  expect(learnScales(graph)).toBe(2);
  expect(printGraph(graph, { types: "none" })).toMatchInlineSnapshot(`
    "net (float[N,2] x) => (float[N,2] y)
    <
      float[2,2] w = {1, 0.5, -0.25, 2},
      float low = {-1},  # buffer
      float high = {1},  # buffer
      float "sx.log_ratio" = {0},  # parameter
      float gradient_scale = {0.044280745},
      float[2] "sw.log_ratio" = {0, 0},  # parameter
      float gradient_scale_1 = {0.06274558}
    > {
      sx, zx = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
      mul_out = Mul (sx, sx)
      div_out = Div (gradient_scale, mul_out)
      scalegradient_out = lowbit.ScaleGradient ("sx.log_ratio", div_out)
      exp_out = Exp (scalegradient_out)
      mul_out_1 = Mul (sx, exp_out)
      lw, hw = lowbit.ObserveRange <mode = "current", axis = 1> (w)
      sw, zw = lowbit.QuantizationParameters <qmin = -127, qmax = 127, symmetric = 1, dtype = "int8"> (lw, hw)
      mul_out_2 = Mul (sw, sw)
      div_out_1 = Div (gradient_scale_1, mul_out_2)
      scalegradient_out_1 = lowbit.ScaleGradient ("sw.log_ratio", div_out_1)
      exp_out_1 = Exp (scalegradient_out_1)
      mul_out_3 = Mul (sw, exp_out_1)
      xq = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, mul_out_1, zx)
      wq = lowbit.FakeQuantize <qmin = -127, qmax = 127, axis = 1> (w, mul_out_3, zw)
      y = MatMul (xq, wq)
    }"
  `);
});

test("a graph converts to the scales that were learned", () => {
  const scaleOf = (ratio: string): number => {
    const graph = parseGraph(prepared);
    learnScales(graph);
    const text = printGraph(graph).replace(/"sx.log_ratio" = \{0\}/, `"sx.log_ratio" = {${ratio}}`);
    const converted = convert(parseGraph(text));
    const quantize = [...converted.nodes].find((node) => node.is("QuantizeLinear"))!;
    return quantize.inputs[1]!.constant!.item();
  };
  expect(scaleOf("0.5") / scaleOf("0")).toBeCloseTo(Math.exp(0.5), 5);
});
