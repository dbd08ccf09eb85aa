import { parseModel, printGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { rejections } from "../pass/check-pass.testing.ts";
import { runPasses } from "../pass/run-passes.ts";
import { inferenceMode } from "./inference-mode.ts";

const parameters = "float[3] scale, float[3] bias, float[3] mean, float[3] var, float half = {0.5}, bool on = {1}";

test("takes BatchNormalization and Dropout out of training mode, and says so", () => {
  const model = parseModel(`g (float[N,3] x) => (float[N,3] y) <${parameters}> {
    a, m, v = BatchNormalization<training_mode = 1, epsilon = 0.25>(x, scale, bias, mean, var)
    b, mask = Dropout(a, half, on)
    y = Relu(b)
  }`);
  const { diagnostics } = runPasses(model, [inferenceMode], { verifyEach: true });
  expect(printGraph(model.graph, { maxElements: 0 })).toMatchInlineSnapshot(`
    "g (float[N,3] x) => (float[N,3] y)
    <float[3] scale, float[3] bias, float[3] mean, float[3] var> {
      a = BatchNormalization <epsilon = 0.25> (x, scale, bias, mean, var)
      y = Relu (a)
    }"
  `);
  expect(diagnostics.map((each) => each.message)).toEqual([
    "the model was exported in training mode: 1 BatchNormalization and 1 Dropout nodes were put into inference mode",
  ]);
  expect(runPasses(model, [inferenceMode]).changed).toBe(0);
});

test("statistics that are read stay as they are", () => {
  const text = `g (float[N,3] x) => (float[N,3] y, float[3] m) <${parameters}> {
    y, m, v = BatchNormalization<training_mode = 1>(x, scale, bias, mean, var)
  }`;
  expect(rejections(inferenceMode, text)).toBe("inference-batch-norm: not at y: its statistics are read");
});
