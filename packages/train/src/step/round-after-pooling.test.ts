import { cloneGraph, parseGraph, printGraph, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import fc from "fast-check";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { unpackState } from "../engine/state.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";
import { absorbClamps } from "./absorb-clamps.ts";
import { roundAfterPooling } from "./round-after-pooling.ts";

function net(options: { readonly pool?: string; readonly activation?: string; readonly more?: string } = {}): string {
  const { pool = "<kernel_shape = [2,2], strides = [2,2]> (q)", activation = "Relu (t)", more = "" } = options;
  return `net (float[2,1,4,4] x) => (float[2,1,R,C] y) <
    float[1,1,4,4] w = {1, 2, -1, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, 1, 1},
    float low = {0}, # buffer
    float high = {3.9} # buffer
  > {
    s, z = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
    t = Mul (x, w)
    r = ${activation}
    q = lowbit.FakeQuantize <qmin = 0, qmax = 255> (r, s, z)
    p = MaxPool ${pool}
    ${more || "y = Identity (p)"}
    nl, nh = lowbit.ObserveRange <averaging_constant = 0.25> (r, low, high)
    a = lowbit.Assign (low, nl)
    b = lowbit.Assign (high, nh)
  }`;
}

test("what is pooled by its maximum is rounded and observed behind", () => {
  const graph = parseGraph(net());
  absorbClamps(graph);
  expect(roundAfterPooling(graph)).toBe(1);
  expect(printGraph(graph, { types: "none" }).split("{\n").at(-1)).toMatchInlineSnapshot(`
    "  s, z = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
      t = Mul (x, w)
      p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (t)
      nl, nh = lowbit.ObserveRange <averaging_constant = 0.25, lower = 0.0> (p, low, high)
      q = lowbit.FakeQuantize <qmin = 0, qmax = 255, lower = 1.1754944e-38> (p, s, z)
      y = Identity (q)
      a = lowbit.Assign (low, nl)
      b = lowbit.Assign (high, nh)
    }"
  `);
});

test("where windows leave elements out, or the lowest element counts, the observer stays", () => {
  const observed = (graph: Graph): string => {
    absorbClamps(graph);
    expect(roundAfterPooling(graph)).toBe(1);
    return [...graph.nodes].find((node) => node.op === "ObserveRange")!.input.name;
  };
  expect(observed(parseGraph(net({ pool: "<kernel_shape = [2,2], strides = [3,2]> (q)" })))).toBe("t");
  expect(observed(parseGraph(net({ pool: "<kernel_shape = [3,3], strides = [2,2]> (q)" })))).toBe("t");
  expect(observed(parseGraph(net({ pool: "<kernel_shape = [2,2], dilations = [2,2]> (q)" })))).toBe("t");
  expect(observed(parseGraph(net({ activation: "Identity (t)" })))).toBe("r");
});

test.each([
  ["values that something else reads", net({ more: "m = Neg (q) f = GlobalMaxPool (m) y = Add (p, f)" })],
  ["positions that are asked for", net().replace("p = MaxPool", "p, i = MaxPool")],
  ["a scale per channel", net().replace("qmax = 255> (r", "qmax = 255, axis = 1> (r")],
  ["values that are not rounded", net({ pool: "<kernel_shape = [2,2]> (r)", more: "y = Identity (p)" })],
  ["another pool", net().replace("MaxPool", "AveragePool")],
])("left alone: %s", (_, text) => {
  expect(roundAfterPooling(parseGraph(text))).toBe(0);
});

test("forward and observed range are the same, bit for bit", () => {
  const plain = parseGraph(net({ pool: "<kernel_shape = [3,2], strides = [2,1], pads = [1,1,1,0]> (q)" }));
  absorbClamps(plain);
  const moved = cloneGraph(plain).graph;
  expect(roundAfterPooling(moved)).toBe(1);
  const elements = fc.array(fc.float({ noNaN: true, min: -8, max: 8 }), { minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(elements, (x) => {
      const results = [plain, moved].map((graph) =>
        evaluate(graph, new Map([["x", Tensor.of("float", x, [2, 1, 4, 4])]])),
      );
      expect(results[1]!.get("y")!.floats()).toEqual(results[0]!.get("y")!.floats());
    }),
  );
});

test.each([
  ["apart", "<kernel_shape = [2,2], strides = [2,2]> (q)"],
  ["overlapping", "<kernel_shape = [3,3], strides = [1,1], pads = [1,1,1,1]> (q)"],
])("where no two elements round alike, steps move everything as without: windows %s", async (_, pool) => {
  const graph = parseGraph(net({ pool }));
  // Another reader of the rounded values keeps them where they are, and adds nothing.
  const kept = parseGraph(net({ pool, more: "n = Neg (q) m = Add (n, q) f = GlobalMaxPool (m) y = Add (p, f)" }));
  const x = Tensor.of(
    "float",
    Array.from({ length: 32 }, (_unused, i) => ((i * 13) % 32) / 8 - 0.5),
    [2, 1, 4, 4],
  );
  const size = pool.includes("strides = [2,2]") ? 2 : 4;
  const target = Tensor.of(
    "float",
    Array.from({ length: 2 * size * size }, () => 1),
    [2, 1, size, size],
  );
  const states = await Promise.all(
    [graph, kept].map(async (each) => {
      const runner = await StepRunner.create(each, { loss: meanSquaredError(), optimizer: sgd(), batch: 2 });
      const state = runner.initialState();
      await runner.run(state, [{ inputs: { x }, target, size: 2 }], 1, [0.1]);
      await runner.release();
      return unpackState(runner.slots, state);
    }),
  );
  for (const name of ["w", "high"]) {
    expect([...states[0]!.get(name)!.numbers()]).toEqual([...states[1]!.get(name)!.numbers()]);
  }
  expect([...states[0]!.get("w")!.numbers()]).not.toEqual([...graph.value("w")!.initializer!.numbers()]);
});
