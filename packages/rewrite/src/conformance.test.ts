import { CompileError, importModel, type Tensor } from "@lowbit/ir";
import { Session } from "@lowbit/runtime";
import {
  conformanceArchive,
  conformanceCases,
  conformancePasses,
  conformanceTensor,
  type ConformanceCase,
} from "@lowbit/test-models";
import { expect, test } from "vitest";
import { runPasses } from "./pass/run-passes.ts";
import { defaultPipeline } from "./pipelines.ts";

/** Largest allowed difference, as a share of the largest magnitude of the output. */
const tolerance = 1e-4;

const archive = conformanceArchive();

test.skipIf(archive === null)(
  "the default pipeline keeps the outputs of every conformance case on ONNX Runtime",
  { timeout: 120_000 },
  async () => {
    const passes = conformancePasses(archive!);
    const cases = conformanceCases(archive!).filter(({ name }) => passes.has(name));
    const failed: string[] = [];
    for (const each of cases) {
      const difference = await differenceAfter(each);
      if (difference !== null) failed.push(`${each.name}: ${difference}`);
    }
    process.stdout.write(
      `default pipeline on ONNX Runtime: ${cases.length - failed.length} conformance cases kept, ${failed.length} changed\n`,
    );
    expect(failed).toEqual([]);
    expect(cases).toHaveLength(860);
  },
);

/** What the pipeline changed in the outputs of a case; null when nothing. */
async function differenceAfter({ model: bytes, dataSets }: ConformanceCase): Promise<string | null> {
  const model = importModel(bytes);
  const names = model.graph.inputs.map((value) => value.name);
  const feeds = dataSets[0]!.inputs.map((data, i) => [names[i]!, conformanceTensor(data)] as const);
  try {
    runPasses(model, defaultPipeline, { verifyEach: true });
    const after = await run(model, feeds);
    const before = await run(bytes, feeds);
    const differences = Object.entries(before).map(([name, tensor]) => differenceOf(tensor, after[name]!));
    return differences.find((difference) => difference !== null) ?? null;
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.message;
    throw error;
  }
}

async function run(
  model: Parameters<typeof Session.create>[0],
  feeds: readonly (readonly [string, Tensor])[],
): Promise<Record<string, Tensor>> {
  const session = await Session.create(model, { optimization: "disabled", threads: 1 });
  try {
    const names = new Set(session.inputs.map(({ name }) => name));
    return await session.run(Object.fromEntries(feeds.filter(([name]) => names.has(name))));
  } finally {
    await session.release();
  }
}

function differenceOf(expected: Tensor, actual: Tensor): string | null {
  const text = ({ dtype, dims }: Tensor): string => `${dtype}[${dims.join()}]`;
  if (text(expected) !== text(actual)) return `${text(expected)} became ${text(actual)}`;
  if (expected.strings) {
    const same = expected.strings.every((bytes, i) => Buffer.compare(bytes, actual.strings![i]!) === 0);
    return same ? null : "strings differ";
  }
  const other = actual.numbers();
  let [difference, magnitude] = [0, 1e-30];
  expected.numbers().forEach((value, i) => {
    if (Object.is(value, other[i]!)) return;
    const delta = Math.abs(value - other[i]!);
    difference = Math.max(difference, Number.isNaN(delta) ? Infinity : delta);
  });
  for (const value of expected.numbers()) if (Number.isFinite(value)) magnitude = Math.max(magnitude, Math.abs(value));
  return difference / magnitude <= tolerance ? null : `differs by ${(difference / magnitude).toExponential(1)}`;
}
