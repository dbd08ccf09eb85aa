import { cloneGraph, parseGraph, printGraph, Tensor } from "@lowbit/ir";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { unpackState } from "../engine/state.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";
import { absorbClamps } from "./absorb-clamps.ts";

function prepared(activation: string, low = 0, high = 2): string {
  return `net (float[N,3] x) => (float[N,3] y) <
    float[3,3] w = {1, 0.5, -1, 0.25, 1, 0.5, -0.5, 1, 1}, float zero = {0}, float six = {1.5},
    float low = {${low}}, # buffer
    float high = {${high}} # buffer
  > {
    s, z = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
    t = MatMul (x, w)
    r = ${activation}
    y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (r, s, z)
    nl, nh = lowbit.ObserveRange <averaging_constant = 0.25> (r, low, high)
    a = lowbit.Assign (low, nl)
    b = lowbit.Assign (high, nh)
  }`;
}

test("a Relu before fake quantization becomes a bound of its gradient and of what is observed", () => {
  const graph = parseGraph(prepared("Relu (t)"));
  expect(absorbClamps(graph)).toBe(1);
  expect(printGraph(graph, { types: "none" }).split("{\n").at(-1)).toMatchInlineSnapshot(`
    "  s, z = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
      t = MatMul (x, w)
      y = lowbit.FakeQuantize <qmin = 0, qmax = 255, lower = 1.1754944e-38> (t, s, z)
      nl, nh = lowbit.ObserveRange <averaging_constant = 0.25, lower = 0.0> (t, low, high)
      a = lowbit.Assign (low, nl)
      b = lowbit.Assign (high, nh)
    }"
  `);
});

test.each([
  ["a range that begins below the bound", prepared("Relu (t)", -1)],
  ["a range that begins above the bound", prepared("Clip (t, zero, six)")],
  ["a lower bound that is not 0", prepared("Clip (t, six)")],
  ["an activation that something else reads", prepared("Relu (t)").replace("nl, nh", "more = Neg (r) nl, nh")],
  [
    "a scale that is learned",
    prepared("Relu (t)").replace("(r, s, z)", "(r, s2, z)").replace("t = ", "s2 = Exp (s) t = "),
  ],
])("leaves alone %s", (_, text) => {
  expect(absorbClamps(parseGraph(text))).toBe(0);
});

test.each(["Relu (t)", "Clip (t, zero, six)"])(
  "a step with %s moves everything as one without the rewriting",
  async (activation) => {
    const graph = parseGraph(prepared(activation, 0, 1.4));
    // A second reader of the activation keeps it from being absorbed, and changes nothing else.
    const kept = parseGraph(
      prepared(activation, 0, 1.4)
        .replace("nl, nh", "n = Neg (r) m = Add (n, r) yy = Add (y, m) nl, nh")
        .replace("=> (float[N,3] y)", "=> (float[N,3] yy)"),
    );
    expect([absorbClamps(cloneGraph(graph).graph), absorbClamps(cloneGraph(kept).graph)]).toEqual([1, 0]);
    const x = Tensor.of("float", [-3, 0.5, 1, 2, 0.1, 0.3], [2, 3]);
    const target = Tensor.of("float", [0, 1, 0, 1, 0, 1], [2, 3]);
    const states = await Promise.all(
      [graph, kept].map(async (each) => {
        const runner = await StepRunner.create(each, { loss: meanSquaredError(), optimizer: sgd(), batch: 2 });
        const state = runner.initialState();
        await runner.run(
          state,
          Array.from({ length: 3 }, () => ({ inputs: { x }, target, size: 2 })),
          1,
          [0.1, 0.1, 0.1],
        );
        await runner.release();
        return unpackState(runner.slots, state);
      }),
    );
    const numbers = (name: string): readonly (readonly number[])[] =>
      states.map((state) => [...state.get(name)!.numbers()]);
    for (const name of ["w", "high"]) expect(numbers(name)[0]).toEqual(numbers(name)[1]);
    expect(numbers("w")[0]).not.toEqual([1, 0.5, -1, 0.25, 1, 0.5, -0.5, 1, 1]);
  },
);
