import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  cloneModel,
  elementCount,
  GraphEditor,
  hasTrait,
  importModel,
  isFloat,
  modelBytes,
  seeded,
  Tensor,
  type Model,
} from "@lowbit/ir";
import {
  conformanceArchive,
  conformanceCases,
  conformancePasses,
  conformanceTensor,
  materialsFolder,
  type ConformanceCase,
} from "@lowbit/test-models";
import { expect, test } from "vitest";
import type { Feeds } from "./feeds.ts";
import { Session } from "./session.ts";

const folder = materialsFolder();
const archive = conformanceArchive();
const models = folder === null ? "" : join(folder, "models");
const names =
  folder === null
    ? ["a real model"]
    : readdirSync(models, { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".onnx"))
        .map((path) => path.replaceAll("\\", "/"))
        .toSorted();

/** Written anew: a copy does not remember how its file was written. */
function rewritten(bytes: Uint8Array): Uint8Array {
  return modelBytes(cloneModel(importModel(bytes)));
}

/** The model with a seed in every node that draws random numbers, so that two runs can be compared; otherwise the same bytes. */
function repeatable(bytes: Uint8Array): Uint8Array {
  const model = importModel(bytes);
  // Before opset 12, Dropout had no seed and passed everything.
  if (model.opsets.get("")! < 12) return bytes;
  const editor = new GraphEditor(model.graph);
  for (const node of model.graph.nodes) if (hasTrait(node, "random")) editor.setAttribute(node, "seed", 7);
  return modelBytes(model);
}

/** Runs a model without ONNX Runtime's optimizations. */
async function run(bytes: Uint8Array, feedsOf: (session: Session) => Feeds): Promise<Record<string, Tensor>> {
  const session = await Session.create(bytes, { optimization: "disabled", threads: 1 });
  try {
    return await session.run(feedsOf(session));
  } finally {
    await session.release();
  }
}

/** Names of outputs whose bits differ. */
function differing(expected: Readonly<Record<string, Tensor>>, actual: Readonly<Record<string, Tensor>>): string[] {
  return Object.keys({ ...expected, ...actual }).filter((name) => !sameBits(expected[name], actual[name]));
}

function sameBits(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (!a || !b || a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) return false;
  if (a.strings && b.strings) return a.strings.every((text, i) => Buffer.compare(text, b.strings![i]!) === 0);
  return Buffer.compare(a.bytes(), b.bytes()) === 0;
}

/** Sizes that models need although they declare them dynamic: the samples Silero VAD takes at once. */
const sizes: Readonly<Record<string, readonly number[]>> = { "audio/silero_vad_v5.onnx input": [2, 576] };

/** Made-up tensors; symbolic dimensions are 2, and the only integer there is is a sampling rate. */
function madeUp(session: Session, { graph }: Model, name: string): Feeds {
  const entries = session.inputs.map((port) => {
    const dims =
      sizes[`${name} ${port.name}`] ?? port.shape.map((dim) => (typeof dim === "number" && dim > 0 ? dim : 2));
    const tensor = isFloat(port.dtype)
      ? seeded(port.name, port.dtype, dims)
      : Tensor.of(port.dtype, new Float64Array(elementCount(dims)!).fill(16000), dims);
    return [port.name, graph.value(port.name)?.initializer ?? tensor] as const;
  });
  return Object.fromEntries(entries);
}

test.skipIf(folder === null).each(names)("%s gives the same bits after it was read and written", async (name) => {
  const original = readFileSync(join(models, name));
  // The untouched model is written as the very bytes it was read from, so only the rewritten one has to be run.
  expect(Buffer.compare(modelBytes(importModel(original)), original)).toBe(0);
  const bytes = repeatable(original);
  const feedsOf = (session: Session): Feeds => madeUp(session, importModel(bytes), name);
  expect(differing(await run(bytes, feedsOf), await run(rewritten(bytes), feedsOf))).toEqual([]);
});

test.skipIf(archive === null)(
  "every conformance case that ONNX Runtime passes gives the same bits after it was read and written",
  { timeout: 120_000 },
  async () => {
    const passes = conformancePasses(archive!);
    const cases = conformanceCases(archive!).filter(({ name }) => passes.has(name));
    const failed: string[] = [];
    for (const each of cases) if (!(await survives(each))) failed.push(each.name);
    process.stdout.write(
      `round trip on ONNX Runtime: ${cases.length - failed.length} conformance cases with the same bits, ${failed.length} with others\n`,
    );
    expect(failed).toEqual([]);
    expect(cases).toHaveLength(860);
  },
);

async function survives({ model, dataSets }: ConformanceCase): Promise<boolean> {
  if (Buffer.compare(modelBytes(importModel(model)), model) !== 0) return false;
  const bytes = repeatable(model);
  const { inputs } = importModel(model).graph;
  const feeds = Object.fromEntries(
    dataSets[0]!.inputs.map((data, i) => [inputs[i]!.name, conformanceTensor(data)] as const),
  );
  return differing(await run(bytes, () => feeds), await run(rewritten(bytes), () => feeds)).length === 0;
}
