import { parseModel, printGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { runPasses } from "../pass/run-passes.ts";
import { runningStatistics } from "./running-statistics.ts";

test("BatchNormalization of a training export takes its running statistics, Dropout stays as it is", () => {
  const model = parseModel(`g (float[N,3] x) => (float[N,3] y)
    <float[3] scale, float[3] bias, float[3] mean, float[3] var, float half = {0.5}, bool on = {1}> {
    a, m, v = BatchNormalization<training_mode = 1, epsilon = 0.25, momentum = 0.75>(x, scale, bias, mean, var)
    y, mask = Dropout(a, half, on)
  }`);
  expect(runPasses(model, [runningStatistics], { verifyEach: true }).diagnostics).toEqual([]);
  expect(printGraph(model.graph, { maxElements: 0 }).split("{").at(-1)).toMatchInlineSnapshot(`
    "
      a = BatchNormalization <epsilon = 0.25, momentum = 0.75> (x, scale, bias, mean, var)
      y, mask = Dropout (a, half, on)
    }"
  `);
});
