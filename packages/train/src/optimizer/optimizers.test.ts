import { parseGraph, Tensor, type Graph } from "@lowbit/ir";
import { learnScales } from "@lowbit/quantize";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { unpackState } from "../engine/state.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { differentiate } from "../step/differentiate.ts";
import { adagrad } from "./adagrad.ts";
import { adam, adamw } from "./adam.ts";
import { averaged, averagedState } from "./averaged.ts";
import type { Optimizer } from "./optimizer.ts";
import { withoutDecay } from "./parameter-group.ts";
import { sgd } from "./sgd.ts";

/** y = gamma·normalized(w·x) + b: a weight, a bias, and the operands of a normalization. */
const net = (): Graph =>
  parseGraph(
    `net (float[N,2] x) => (float[N,2] y)
    <float[2,2] w = {1.0, 2.0, -3.0, 0.5}, float[2] gamma = {1.0, 2.0}, float[2] beta = {0.5, 0.5}, float[2] b = {1.0, 1.0}> {
    t = MatMul (x, w)
    n = LayerNormalization (t, gamma, beta)
    m = MatMul (n, w2)
    y = Add (m, b) }`.replace("> {", ", float[2,2] w2 = {1.0, 0.0, 0.5, 1.0}> {"),
  );

const batch = {
  inputs: { x: Tensor.of("float", [1, 2, -3, 0.5], [2, 2]) },
  target: Tensor.of("float", [0, 1, 2, 3], [2, 2]),
  size: 2,
};

/** All state by name after each of some steps. */
async function states(graph: Graph, optimizer: Optimizer, steps: number): Promise<(name: string) => number[][]> {
  const runner = await StepRunner.create(graph, { loss: meanSquaredError(), optimizer, batch: 2 });
  const state = runner.initialState();
  const seen = [unpackState(runner.slots, state)];
  for (let step = 1; step <= steps; step++) {
    await runner.run(state, [batch], step, [0.1]);
    seen.push(unpackState(runner.slots, state));
  }
  await runner.release();
  return (name) => seen.map((each) => [...each.get(name)!.floats()]);
}

test("parameters have the roles that groups ask for", () => {
  const { moving } = differentiate(net(), { loss: meanSquaredError(), optimizer: sgd(), batch: 2 });
  const roles = moving.flatMap(({ holds }) => holds.map(({ name, role }) => `${name}: ${role}`));
  expect(roles).toEqual(["w: weight", "gamma: normalization", "beta: normalization", "b: bias", "w2: weight"]);
});

test("a group has its own rate, and 0 keeps its parameters where they are", async () => {
  const same = await states(net(), sgd(), 1);
  const apart = await states(
    net(),
    sgd({
      groups: [
        { names: ["w*"], learningRate: 0.5 },
        { roles: ["bias"], learningRate: 0 },
      ],
    }),
    1,
  );
  const change = (of: typeof same, name: string): number => of(name)[1]![0]! - of(name)[0]![0]!;
  expect(change(apart, "w2") / change(same, "w2")).toBeCloseTo(0.5, 5);
  expect(change(apart, "gamma") / change(same, "gamma")).toBeCloseTo(1, 5);
  expect(change(same, "b")).not.toBe(0);
  expect(change(apart, "b")).toBe(0);
});

test.each([
  ["sgd", sgd({ weightDecay: 0.3, groups: [withoutDecay] }), sgd(), sgd({ weightDecay: 0.3 })],
  ["adam", adam({ weightDecay: 0.3, groups: [withoutDecay] }), adam(), adam({ weightDecay: 0.3 })],
  [
    "adamw",
    adamw({ weightDecay: 0.3, groups: [withoutDecay] }),
    adamw({ weightDecay: 0 }),
    adamw({ weightDecay: 0.3 }),
  ],
  ["adagrad", adagrad({ weightDecay: 0.3, groups: [withoutDecay] }), adagrad(), adagrad({ weightDecay: 0.3 })],
])("%s without decay of biases and normalizations decays weights only", async (_, mixed, without, decayed) => {
  const [some, none, all] = [
    await states(net(), mixed, 1),
    await states(net(), without, 1),
    await states(net(), decayed, 1),
  ];
  for (const name of ["gamma", "beta", "b"]) expect(some(name)[1]).toEqual(none(name)[1]);
  expect(some("w")[1]).toEqual(all("w")[1]);
});

test("learned scales do not decay, and have a rate of their own when asked for", async () => {
  const prepared = (): Graph => {
    const graph = parseGraph(`net (float[N,2] x) => (float[N,2] y) <
        float[2,2] w = {1.0, 2.0, -3.0, 0.5}, float low = {-1.0}, # buffer
        float high = {1.0} # buffer
      > {
        s, z = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
        q = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, s, z)
        y = MatMul (q, w) }`);
    learnScales(graph);
    return graph;
  };
  const name = "s.log_ratio";
  const plain = (await states(prepared(), sgd(), 2))(name);
  const decayed = (await states(prepared(), sgd({ weightDecay: 0.3, groups: [{ names: ["w"], weightDecay: 0 }] }), 2))(
    name,
  );
  expect(decayed).toEqual(plain);
  const slow = (await states(prepared(), sgd({ groups: [{ roles: ["scale"], learningRate: 0.1 }] }), 1))(name);
  expect(slow[1]![0]! / plain[1]![0]!).toBeCloseTo(0.1, 5);
});

test("a moving average follows the parameters, and is a plain mean while it is young", async () => {
  const of = await states(net(), averaged(sgd(), { decay: 0.5 }), 4);
  const weights = of("w").map(([first]) => first!);
  let average = 0;
  const expected = weights.slice(1).map((w, i) => (average += Math.max(0.5, 1 / (i + 1)) * (w - average)));
  expect(
    of("w.average")
      .slice(1)
      .map(([first]) => first),
  ).toEqual(expected.map((x) => expect.closeTo(x, 5) as number));
  expect(weights).toEqual((await states(net(), sgd(), 4))("w").map(([first]) => first));
});

test("stochastic weight averaging is the mean of every so many steps from some step on", async () => {
  const of = await states(net(), averaged(adam(), { from: 2, every: 2 }), 6);
  const weights = of("w").map(([first]) => first!);
  expect(of("w.average")[6]![0]).toBeCloseTo((weights[2]! + weights[4]! + weights[6]!) / 3, 5);
});

test("the averaged state holds averages under the parameters' names", () => {
  const state = new Map([
    ["w", Tensor.scalar("float", 1)],
    ["w.average", Tensor.scalar("float", 2)],
    ["mean", Tensor.scalar("float", 3)],
  ]);
  const numbers = (optimizer: Optimizer): Record<string, number> =>
    Object.fromEntries([...averagedState(optimizer, state)].map(([name, tensor]) => [name, tensor.item()]));
  expect(numbers(averaged(sgd(), { decay: 0.9 }))).toEqual({ w: 2, "w.average": 2, mean: 3 });
  expect(numbers(sgd())).toEqual({ w: 1, "w.average": 2, mean: 3 });
});

test.each([
  ["momentum is 1, but must be at least 0 and below 1", () => sgd({ momentum: 1 })],
  ["momentum is 0, but must be above 0 with Nesterov's method", () => sgd({ nesterov: true })],
  ["a beta is 1, but must be at least 0 and below 1", () => adam({ betas: [0.9, 1] })],
  [
    "a group's learning rate is -1, but must be a number of at least 0",
    () => adamw({ groups: [{ learningRate: -1 }] }),
  ],
  ["the decay of an average is 1, but must be between 0 and 1", () => averaged(sgd(), { decay: 1 })],
])("%s", (message, make) => {
  expect(make).toThrow(message);
});
