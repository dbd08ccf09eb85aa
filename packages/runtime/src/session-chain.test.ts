import { newModel, parseGraph, Tensor, type Model } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { runChain, type ChainLink } from "./run-chain.ts";
import { SessionChain } from "./session-chain.ts";

const model = (text: string): Model => newModel(parseGraph(text));
const doubled = (): Model => model(`a (float[N] x) => (float[N] y, float[N] z) { y = Add (x, x)  z = Neg (x) }`);
const summed = (): Model => model(`b (float[N] y, float[N] w) => (float[N] s) { s = Add (y, w) }`);
const vector = (...values: readonly number[]): Tensor => Tensor.of("float", values);
const numbers = (tensor: Tensor | undefined): readonly number[] => [...tensor!.numbers()];

describe("a chain of sessions", () => {
  test("hands results on by name and returns what is asked for, given values too", async () => {
    const chain = await SessionChain.create([doubled(), summed()], {}, 1);
    const feeds = { x: vector(1, 2), w: vector(10, 20) };
    const { results } = await chain.run([0, 1], { feeds, fetches: ["s", "z", "w"] });
    expect([results["s"], results["z"], results["w"]].map(numbers)).toEqual([
      [12, 24],
      [-1, -2],
      [10, 20],
    ]);
    expect(numbers(feeds.x)).toEqual([1, 2]);
    await chain.release();
  });

  test("keeps values on its thread until they are dropped, and goes on from them", async () => {
    const chain = await SessionChain.create([doubled(), summed()], {}, 1);
    const { kept: start } = await chain.run([], {
      feeds: { x: vector(1), w: vector(7) },
      fetches: [],
      keep: ["x", "w"],
    });
    const { kept, results } = await chain.run([0], { feeds: {}, kept: start, fetches: ["y"], keep: ["y", "w"] });
    expect(numbers(results["y"])).toEqual([2]);
    await chain.drop(start);
    for (let time = 0; time < 2; time++) {
      const { results: end } = await chain.run([1], { feeds: {}, kept, fetches: ["s", "y"] });
      expect([end["s"], end["y"]].map(numbers)).toEqual([[9], [2]]);
    }
    const { results: fed } = await chain.run([1], { feeds: { w: vector(1) }, kept, fetches: ["s"] });
    expect(numbers(fed["s"])).toEqual([3]);
    await chain.drop(kept);
    await chain.release();
  });

  test("refuses feeds that are missing or of another dtype, and models that do not load", async () => {
    const chain = await SessionChain.create([summed()], {}, 1);
    const y = vector(1);
    await expect(chain.run([0], { feeds: { y }, fetches: ["s"] })).rejects.toThrow('input "w" (float) was not given');
    const wrong = { y, w: Tensor.of("int64", [1]) };
    await expect(chain.run([0], { feeds: wrong, fetches: ["s"] })).rejects.toThrow("takes float, got int64");
    await chain.release();
    const unknown = model(`g (float[2] x) => (float[2] y) { y = acme.Unknown (x) }`);
    await expect(SessionChain.create([summed(), unknown], {}, 1)).rejects.toThrow("runtime/load");
  });
});

test("a chain lets go of what no model behind reads", async () => {
  const link = (inputs: readonly string[], outputs: readonly string[]): ChainLink<string> => ({
    inputs,
    outputs,
    run: async (feeds, fetches) =>
      Object.fromEntries(fetches.map((name) => [name, `${name}(${Object.values(feeds).join()})`])),
  });
  const links = [link(["x"], ["a", "unread"]), link(["a"], ["b", "c"]), link(["b"], ["d"])];
  const gone: string[] = [];
  const results = await runChain(links, { x: "x" }, ["c", "d"], (values) => gone.push(...values));
  expect(results).toEqual({ c: "c(a(x))", d: "d(b(a(x)))" });
  expect(gone).toEqual(["a(x)", "b(a(x))"]);
});
