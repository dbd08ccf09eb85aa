import { cloneModel, printGraph, type Model, type Tensor } from "@lowbit/ir";
import { Session } from "@lowbit/runtime";
import { randomModel } from "@lowbit/test-models";
import fc from "fast-check";
import { test } from "vitest";
import { expectSameTensors } from "./pass/check-pass.testing.ts";
import { runPasses } from "./pass/run-passes.ts";
import { defaultPipeline, trainingPipeline } from "./pipelines.ts";

const numRuns = process.env["LOWBIT_NIGHTLY"] === "1" ? 2000 : 200;
const seed = 20261122;

test(`ONNX Runtime computes the same after the pipelines, on ${numRuns} random graphs`, async () => {
  await fc.assert(
    fc.asyncProperty(randomModel(), async ({ model, inputs }) => {
      const expected = await run(model, inputs);
      for (const pipeline of [defaultPipeline, trainingPipeline]) {
        const after = cloneModel(model);
        runPasses(after, pipeline);
        const actual = await run(after, inputs);
        try {
          expectSameTensors(expected, actual, 2e-4);
        } catch (error) {
          const graphs = [model, after].map(({ graph }) => printGraph(graph)).join("\n---\n");
          throw new Error(`${graphs}\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
    }),
    { numRuns, seed },
  );
}, 600_000);

async function run(model: Model, inputs: ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, Tensor>> {
  const session = await Session.create(model, { optimization: "disabled", threads: 1 });
  try {
    const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, inputs.get(name)!]));
    return new Map(Object.entries(await session.run(feeds)));
  } finally {
    await session.release();
  }
}
