import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { annotateFromCapabilities, quantizeEverything, type Backend, type CapabilityTable } from "@lowbit/backend-kit";
import { x86 } from "@lowbit/backend-x86";
import {
  Graph,
  GraphEditor,
  modelBytes,
  newModel,
  Tensor,
  tensorType,
  type CompileError,
  type Model,
} from "@lowbit/ir";
import { planToJson, quantizeModel, type PlanJson } from "@lowbit/quantize";
import { Session } from "@lowbit/runtime";
import { arrays, evaluate, randomStream } from "@lowbit/train";
import { quantizeToTarget, type TargetOptions } from "./quantize-to-target.ts";

// Each search runs a dozen models, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const random = randomStream(7);
const numbers = (count: number): number[] => Array.from({ length: count }, () => 2 * random() - 1);

/** Four products, with factors for what the third gives on each channel and for what the fourth makes of it. */
function model(given: (channel: number) => number, taken: (channel: number) => number): Model {
  const editor = new GraphEditor(new Graph("g"));
  const { op } = editor;
  const weight = (name: string, rows: number, columns: number, factor: (row: number, column: number) => number) =>
    editor.initializer(
      Tensor.of(
        "float",
        numbers(rows * columns).map((value, i) => value * factor(Math.floor(i / columns), i % columns)),
        [rows, columns],
      ),
      name,
    );
  const x = editor.input("x", tensorType("float", ["N", 16]));
  const plain = (): number => 0.4;
  const a = op.Relu([op.MatMul([x, weight("w1", 16, 16, plain)], {}, { name: "one" })]);
  const b = op.Relu([op.MatMul([a, weight("w2", 16, 16, plain)], {}, { name: "two" })]);
  const c = op.Relu([op.MatMul([b, weight("w3", 16, 16, (_, column) => given(column))], {}, { name: "three" })]);
  const d = op.MatMul([c, weight("w4", 16, 4, (row) => taken(row))], {}, { name: "four" });
  editor.rename(d, "scores");
  editor.output(d);
  return newModel(editor.graph);
}

/** One channel between the last two is large and means nothing: only activations suffer from it. */
const milder = model(
  (channel) => (channel === 0 ? 300 : 1),
  (channel) => (channel === 0 ? 0 : 1),
);

/** Half of the channels are large, and half small, which neither weights nor activations of 8 bits can tell. */
const spread = (channel: number): number => (channel % 2 === 0 ? 300 : 1 / 300);
const float = model(spread, (channel) => 1 / spread(channel));
const x = Tensor.of("float", numbers(400 * 16), [400, 16]);
const backend = x86({ prefer: "integer" });
const folder = mkdtempSync(join(tmpdir(), "lowbit-target-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Data for which the float model is right. */
async function labelled(of = float) {
  const made = await quantizeModel(of, { backend, data: [{ x }], keepFloat: ["*"] });
  const labels: number[] = [];
  const session = await Session.create(made.model, { threads: 1 });
  const scores = (await session.run({ x }))["scores"]!.floats();
  await session.release();
  for (let i = 0; i < 400; i++) {
    const row = [...scores.subarray(4 * i, 4 * i + 4)];
    labels.push(row.indexOf(Math.max(...row)));
  }
  return arrays({ x }, Tensor.of("int64", labels));
}

const settings = async (of = float): Promise<Omit<TargetOptions, "target">> => ({
  backend,
  data: [{ x }],
  validate: await labelled(of),
  objective: "integers",
  threads: 1,
});

describe("quantizing to a target", () => {
  test("leaves float what must be, says what it tried, and reaches what it says", async () => {
    const options = await settings();
    const { quantized, search } = await quantizeToTarget(float, { ...options, target: { drop: 2 } });
    const plain = await quantizeModel(float, { backend, data: [{ x }] });
    const accuracy = async (made: Model): Promise<number> => (await evaluate(made, options.validate)).value;
    expect(1 - (await accuracy(plain.model))).toBeGreaterThan(0.1);
    expect(search.reached.metric).toBe(await accuracy(quantized.model));
    expect(search.reached.drop).toBeLessThanOrEqual(2);
    expect(search.tried[0]!.meets).toBe(false);
    expect(search.layers.filter(({ choice }) => choice === "float").map(({ name }) => name)).toEqual(
      search.tried[search.chosen]!.float,
    );
    expect(search.layers.find(({ name }) => name === "one")!.choice).toBe("int8");
    expect(search.costs.chosen).toBeLessThan(search.costs.float);
  });

  test("gives a plan from which the same bytes come, and the same plan again", async () => {
    const options = await settings();
    const target = { sqnr: 25 };
    const first = await quantizeToTarget(float, { ...options, target });
    const again = await quantizeToTarget(float, { ...options, target });
    const plan = planToJson(first.quantized.plan);
    expect(planToJson(again.quantized.plan)).toEqual(plan);
    expect(again.search).toEqual(first.search);
    const read = JSON.parse(JSON.stringify(plan)) as typeof plan;
    const made = await quantizeModel(float, { backend, data: [{ x }], plan: read, threads: 1 });
    expect(Buffer.compare(modelBytes(made.model), modelBytes(first.quantized.model))).toBe(0);
    expect(first.search.reached.sqnr).toBeGreaterThanOrEqual(25);
  });

  test("goes by the costs of kernels where the backend knows them", async () => {
    const { search } = await quantizeToTarget(float, {
      ...(await settings()),
      objective: "latency",
      target: { drop: 2 },
    });
    expect(search.cost.unit).toBe("µs");
    const tried = search.tried.filter(({ meets }) => meets).map(({ cost }) => cost);
    expect(search.costs.chosen).toBe(Math.min(...tried));
  });

  test("has one message for a target that nothing reaches, with the best that was found", async () => {
    const error = await quantizeToTarget(float, { ...(await settings()), target: { sqnr: 90 } }).catch(
      (thrown: CompileError) => thrown.diagnostic,
    );
    expect(error).toMatchObject({ code: "target/not-met" });
    expect((error as { message: string }).message).toMatch(
      /^no plan reaches an SQNR of 90 dB: the best of \d+ .* has [\d.]+ dB$/,
    );
  });

  test("needs targets for a metric", async () => {
    const run = quantizeToTarget(float, { ...(await settings()), validate: arrays({ x }), target: { drop: 1 } });
    await expect(run).rejects.toThrow("the data has no targets");
  });
});

test("layers get activations of 16 bits where the backend has kernels for them", async () => {
  const activations = ["uint8", "uint16"] as const;
  const table: CapabilityTable = {
    ...backend.capabilities,
    ops: backend.capabilities.ops.map((row) => ({ ...row, activations })),
  };
  const annotate: Backend["quantizer"]["annotate"] = (graph, options) =>
    annotateFromCapabilities(graph, table, quantizeEverything, options);
  const wide: Backend = { ...backend, name: "16x8", capabilities: table, quantizer: { name: "16x8", annotate } };
  const options = { ...(await settings(milder)), backend: wide };
  const { quantized, search } = await quantizeToTarget(milder, { ...options, target: { sqnr: 41 } });
  const choices = search.layers.map(({ choice }) => choice);
  expect(new Set(choices)).toEqual(new Set(["int8", "int16"]));
  expect(search.costs.chosen).toBeLessThan(search.costs.float / 2);
  const plan = JSON.parse(JSON.stringify(planToJson(quantized.plan))) as PlanJson;
  const made = await quantizeModel(milder, { backend: wide, data: [{ x }], plan, threads: 1 });
  expect(Buffer.compare(modelBytes(made.model), modelBytes(quantized.model))).toBe(0);
});

test("ranges are cut where all layers can be on integers then, and the plan makes the same bytes", async () => {
  const options = await settings(milder);
  const { quantized, search } = await quantizeToTarget(milder, { ...options, target: { drop: 2 } });
  expect(search.layers.map(({ choice }) => choice)).toEqual(["int8", "int8", "int8", "int8"]);
  expect(search.ranges.length).toBe(1);
  expect(search.ranges[0]!.share).toBeLessThan(1 / 30);
  expect(search.tried.map(({ what, meets }) => [what, meets])).toEqual([
    ["all layers as planned", false],
    ["all layers, with ranges cut", true],
  ]);
  const plan = JSON.parse(JSON.stringify(planToJson(quantized.plan))) as PlanJson;
  const made = await quantizeModel(milder, { backend, data: [{ x }], plan, threads: 1 });
  expect(Buffer.compare(modelBytes(made.model), modelBytes(quantized.model))).toBe(0);
  const accuracy = async (of: Model): Promise<number> => (await evaluate(of, options.validate)).value;
  expect(1 - (await accuracy(made.model))).toBeLessThanOrEqual(0.02);
});

describe("a search with a state file", () => {
  test("goes on where it was stopped, with the same result", async () => {
    const options = { ...(await settings()), target: { drop: 2 } } as const;
    const state = join(folder, "search.jsonl");
    const stop = new AbortController();
    const stopped = quantizeToTarget(float, {
      ...options,
      state,
      signal: stop.signal,
      onProgress: (step) => (step.kind === "plans" && step.tried === 2 ? stop.abort() : undefined),
    });
    await expect(stopped).rejects.toThrow("the search was stopped after 2 plans");
    expect(existsSync(state)).toBe(true);
    const kept = readFileSync(state, "utf8").split("\n").length;
    const resumed = await quantizeToTarget(float, { ...options, state });
    expect(resumed.search).toEqual((await quantizeToTarget(float, options)).search);
    // A header, two plans, the ranges between them, and the end of the last line.
    expect(kept).toBe(5);
    const other = quantizeToTarget(float, { ...options, target: { drop: 3 }, state });
    await expect(other).rejects.toThrow("another model, data or settings");
  });
});
