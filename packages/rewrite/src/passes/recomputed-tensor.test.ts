import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, parseModel, printGraph, saveModel, type Model, type Tensor } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runPasses } from "../pass/run-passes.ts";
import { foldConstants } from "./fold-constants.ts";

const text = `g (float[1,16] x) => (float[1,24] y) <float[24,16] w> {
  t = Transpose <perm = [1, 0]> (w)
  s = Neg (t)
  y = MatMul (x, s)
}`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-recomputed-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The model with its weight in a data file, folded; results above `maxBytes` count as large. */
function folded(maxBytes: number): Model {
  const path = join(folder, `m${maxBytes}.onnx`);
  saveModel(parseModel(text), path, { externalData: { threshold: 1 } });
  const model = loadModel(path);
  runPasses(model, [foldConstants.with({ maxBytes })], { verifyEach: true });
  return model;
}

function weightOf(model: Model): Tensor {
  return model.graph.node("y")!.inputs[1]!.constant!;
}

test("large results of data in a file are folded without staying in memory", () => {
  const model = folded(1000);
  expect(printGraph(model.graph, { maxElements: 4 })).toMatchInlineSnapshot(`
    "g (float[1,16] x) => (float[1,24] y)
    <float[16,24] s> {
      y = MatMul (x, s)
    }"
  `);
  const weight = weightOf(model);
  expect(weight.source.byteLength).toBe(24 * 16 * 4);
  expect(weight.bytes()).not.toBe(weight.bytes());
  const { graph } = parseModel(text);
  const expected = evaluate(graph, new Map(), { outputs: [graph.value("s")!] }).get("s")!;
  expect(weight.numbers()).toEqual(expected.numbers());
});

test("small ones are stored", () => {
  const weight = weightOf(folded(2000));
  expect(weight.bytes()).toBe(weight.bytes());
});

test("a folded model is saved with the computed data in its data file", () => {
  const model = folded(1000);
  const path = join(folder, "saved.onnx");
  saveModel(model, path, { externalData: { threshold: 1 } });
  expect(weightOf(loadModel(path)).numbers()).toEqual(weightOf(model).numbers());
});
