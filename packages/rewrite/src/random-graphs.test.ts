import { cloneModel, formatDiagnostic, printGraph, verifyModel, type Model } from "@lowbit/ir";
import { randomModel } from "@lowbit/test-models";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectSameOutputs } from "./pass/check-pass.testing.ts";
import type { Pass } from "./pass/pass.ts";
import { runPasses } from "./pass/run-passes.ts";
import { defaultPipeline, floatPasses, trainingPipeline } from "./pipelines.ts";

const nightly = process.env["LOWBIT_NIGHTLY"] === "1";
const numRuns = nightly ? 2000 : 200;
const seed = 20261121;

/** Each pass on its own, then the pipelines. */
const candidates: readonly (readonly Pass[])[] = [
  ...floatPasses.passes.map((pass) => [pass]),
  defaultPipeline,
  trainingPipeline,
];

test(`no pass changes the outputs of ${numRuns} random graphs, and a second run changes nothing`, () => {
  const applied = new Set<string>();
  fc.assert(
    fc.property(randomModel(), ({ model, inputs }) => {
      expect(verifyModel(model).map(formatDiagnostic)).toEqual([]);
      for (const passes of candidates) {
        const after = cloneModel(model);
        const { changed, records, diagnostics } = runPasses(after, passes, { verifyEach: true });
        expect(diagnostics).toEqual([]);
        if (changed === 0) continue;
        for (const { pass, changed: count } of records) if (count > 0) applied.add(pass);
        check(passes, model, after, () => expectSameOutputs(model, after, { inputs, tolerance: 2e-4 }));
        check(passes, model, after, () => expect(runPasses(after, passes).changed, "changes of a second run").toBe(0));
      }
    }),
    { numRuns, seed, endOnFailure: false },
  );
  const idle = floatPasses.passes.map((pass) => pass.name).filter((name) => !applied.has(name));
  expect(idle, "passes that no random graph gave anything to do").toEqual([
    "convert-opset",
    "initializers-not-inputs",
    "inference-mode",
    "running-statistics",
    "drop-zero-states",
  ]);
}, 600_000);

/** Adds what was run and the graphs to the message of a failed expectation. */
function check(passes: readonly Pass[], before: Model, after: Model, expectation: () => void): void {
  try {
    expectation();
  } catch (error) {
    const names = passes.map((pass) => pass.name).join(",");
    const graphs = [before, after].map((model) => printGraph(model.graph)).join("\n---\n");
    throw new Error(`${names}\n${graphs}\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
