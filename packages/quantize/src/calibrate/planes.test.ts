import { newModel, parseGraph, seeded, Tensor, type Model, type Value } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { createPlan } from "../plan/plan.ts";
import { observed } from "../plan/spec.ts";
import { calibrate } from "./calibrate.ts";
import type { Watch } from "./watch.ts";
import { statisticsGraph } from "./statistics-graph.ts";

/** Images behind a convolution, which ONNX Runtime keeps in blocks of 8 or 16 channels where their number allows it. */
function modelOf(channels: number, height: number, width: number): Model {
  return newModel(
    parseGraph(`g (float[N,3,${height},${width}] x) => (y) <float[${channels},3,1,1] w> {
      c = Conv (x, w)
      y = Relu (c)
    }`),
  );
}

interface Seen {
  readonly min: readonly number[];
  readonly max: readonly number[];
  /** What is not finite when some element is not. */
  readonly check: readonly number[];
  readonly values: Tensor | null;
}

/** What the graph of statistics tells about a value, and the value itself. */
async function watched(
  model: Model,
  name: string,
  x: Tensor,
  settings: Omit<Watch, "value">,
): Promise<{ readonly seen: Seen; readonly whole: Tensor }> {
  const value = model.graph.value(name)!;
  const watches = [
    { value, ...settings },
    { value, channelAxis: null, valuesPerSample: Infinity },
  ];
  const closer = { whole: new Set<Value>(), summed: new Set([value]) };
  const { graph, ends, check, outputs } = statisticsGraph(model.graph, watches, closer);
  const session = await Session.create({ ...model, graph });
  const results = await session.run({ x });
  await session.release();
  const [{ largest, negated, pairs, values }, { values: whole }] = outputs as [
    (typeof outputs)[0],
    (typeof outputs)[0],
  ];
  const all = [...results[ends]!.numbers()];
  const seen = {
    min: all.slice(negated, negated + pairs).map((each) => 0 - each),
    max: all.slice(largest, largest + pairs),
    check: [...results[check!]!.numbers(), ...all],
    values: values ? results[values]! : null,
  };
  return { seen, whole: results[whole!]! };
}

const ends = (numbers: readonly number[]): readonly [number, number] => [
  numbers.reduce((a, b) => Math.min(a, b)),
  numbers.reduce((a, b) => Math.max(a, b)),
];

test.each([
  ["c", 16],
  ["c", 5],
])("the extremes of %s in %i channels are those of all elements, to the bit", async (name, channels) => {
  const model = modelOf(channels, 7, 6);
  const x = seeded("images", "float", [4, 3, 7, 6]);
  const tensor = await watched(model, name, x, { channelAxis: null, valuesPerSample: 0 });
  const all = [...tensor.whole.numbers()];
  const [low, high] = ends(all);
  expect([Math.min(...tensor.seen.min), Math.max(...tensor.seen.max)]).toEqual([low, high]);
  const perChannel = await watched(model, name, x, { channelAxis: 1, valuesPerSample: 0 });
  const plane = 7 * 6;
  const expected = Array.from({ length: channels }, (_, channel) =>
    ends(all.filter((_each, i) => Math.floor(i / plane) % channels === channel)),
  );
  expect(perChannel.seen.min).toEqual(expected.map(([least]) => least));
  expect(perChannel.seen.max).toEqual(expected.map(([, most]) => most));
});

test.each([
  ["are never 0", [0.5, 0.25, 0.75, 2]],
  ["are 0 where a part is looked at", [-1, 0.25, 0.75, 2]],
  ["are 0 where no part is looked at", [0.5, -1, 0.75, 2]],
])("values that are never negative and %s have exact extremes", async (_, numbers) => {
  const model = newModel(parseGraph("g (float[N,1,1,4] x) => (y) { y = Relu (x) }"));
  const plan = createPlan(model.graph, new Map([[model.graph.value("y")!, observed("uint8")]]));
  const x = Tensor.of("float", numbers, [1, 1, 1, 4]);
  const whole = Tensor.of("float", [1, 1, 1, 1], [1, 1, 1, 4]);
  const rangeOf = async (data: readonly Feeds[]): Promise<unknown> => {
    const { ranges, batches, samples } = await calibrate(model, plan, data);
    return [[...ranges.values()], batches, samples];
  };
  const low = Math.max(0, Math.min(...numbers));
  expect(await rangeOf([{ x }])).toEqual([[{ min: [low], max: [2] }], 1, 1]);
  expect(await rangeOf([{ x }, { x: whole }])).toEqual([[{ min: [low], max: [2] }], 2, 2]);
});

test.each([
  ["NaN in one element", NaN, 5],
  ["infinity in one element", Infinity, 7],
  ["minus infinity in one element", -Infinity, 0],
  ["minus infinity in all elements", -Infinity, null],
])("%s shows", async (_, bad, at) => {
  const model = newModel(parseGraph("g (float[N,8,3,3] x) => (y) { y = Identity (x) }"));
  const numbers = Float32Array.from({ length: 2 * 8 * 9 }, (_each, i) => (at === null || i === at ? bad : i / 10));
  const x = Tensor.of("float", numbers, [2, 8, 3, 3]);
  const { seen } = await watched(model, "y", x, { channelAxis: null, valuesPerSample: 0 });
  expect(seen.check.every(Number.isFinite)).toBe(false);
});

test.each([
  [16, 32, 32, 2048, [1, 7]],
  [8, 9, 9, 72, [3, 3]],
  [8, 10, 5, 100, [3, 1]],
  [8, 4, 4, 100, [1, 1]],
] as const)(
  "of %i images of %i x %i, %i values per sample are the middles of tiles of %j",
  async (channels, height, width, wanted, [a, b]) => {
    const model = modelOf(channels, height, width);
    const x = seeded("images", "float", [3, 3, height, width]);
    const { seen, whole } = await watched(model, "c", x, { channelAxis: null, valuesPerSample: wanted });
    const all = whole.numbers();
    const [rows, columns] = [Math.floor(height / a), Math.floor(width / b)];
    const expected = Array.from({ length: 3 * channels }, (_, image) =>
      Array.from({ length: rows * columns }, (_each, tile) => {
        const row = Math.floor(tile / columns) * a + (a >> 1);
        return all[(image * height + row) * width + (tile % columns) * b + (b >> 1)]!;
      }),
    ).flat();
    expect(expected.length / 3).toBeGreaterThanOrEqual(Math.min(wanted, channels * height * width));
    expect([...seen.values!.numbers()]).toEqual(expected);
  },
);
