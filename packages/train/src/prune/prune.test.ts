import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseGraph, Tensor, type Graph } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { arrays } from "../data/arrays.ts";
import { randomStream } from "../data/random.ts";
import type { FitOptions } from "../fit/fit-options.ts";
import { fit, train } from "../fit/fit.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { adamw } from "../optimizer/adam.ts";
import { averaged } from "../optimizer/averaged.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import { sgd } from "../optimizer/sgd.ts";
import { keepPruned } from "./keep-pruned.ts";
import { prune } from "./prune.ts";
import { weightSparsity } from "./sparsity.ts";

const net = (): Graph =>
  parseGraph(`net (float[N,8,4,4] x) => (float[N,3] y) <
      float[4,8,3,3] k, float[4] b, float[4,1,3,3] deep, float[64,16] w1, float[3,16] w2
    > {
      c = Conv <pads = [1,1,1,1]> (x, k, b)
      d = Conv <pads = [1,1,1,1], group = 4> (c, deep)
      r = Relu (d)
      f = Flatten (r)
      h = MatMul (f, w1)
      y = Gemm <transB = 1> (h, w2) }`);

const floats = (graph: Graph, name: string): Float32Array => graph.value(name)!.initializer!.floats();

describe("prune", () => {
  test("keeps the two greatest of four input channels, at every place of the kernel", () => {
    const before = net();
    const { graph, skipped, masks } = prune(before, { pattern: { keep: 2, of: 4 } });
    const [dense, sparse] = [floats(before, "k"), floats(graph, "k")];
    for (let o = 0; o < 4; o++) {
      for (let group = 0; group < 2; group++) {
        for (let place = 0; place < 9; place++) {
          const at = [0, 1, 2, 3].map((i) => o * 72 + (4 * group + i) * 9 + place);
          const greatest = at.toSorted((a, b) => Math.abs(dense[b]!) - Math.abs(dense[a]!)).slice(0, 2);
          expect(at.map((i) => sparse[i])).toEqual(at.map((i) => (greatest.includes(i) ? dense[i] : 0)));
        }
      }
    }
    expect([...masks.keys()]).toEqual(["k", "w1", "w2"]);
    expect(skipped).toEqual([{ name: "deep", reason: "its 1 input channels are no multiple of 4" }]);
    const { weights } = weightSparsity(graph);
    expect(weights.map(({ name, zeros, size, twoOfFour }) => [name, zeros / size, twoOfFour])).toEqual([
      ["k", 0.5, true],
      ["deep", 0, false],
      ["w1", 0.5, true],
      ["w2", 0.5, true],
    ]);
  });

  test("sets a share of each weight to zero, or of all weights together, the least first", () => {
    const each = weightSparsity(prune(net(), { pattern: { magnitude: 0.75 } }).graph);
    expect(each.weights.map(({ zeros, size }) => zeros / size)).toEqual([0.75, 0.75, 0.75, 0.75]);
    const { graph } = prune(net(), { pattern: { magnitude: 0.75, over: "all" }, except: ["k"] });
    const all = weightSparsity(graph);
    expect(all.zeros).toBe(Math.floor(0.75 * (36 + 1024 + 48)));
    const names = ["deep", "w1", "w2"];
    const kept = names.flatMap((name) => [...floats(graph, name)].map(Math.abs).filter((x) => x > 0));
    const lost = names.flatMap((name) => [...floats(net(), name)].map(Math.abs)).toSorted((a, b) => a - b);
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(lost[all.zeros]!);
  });

  test.each([
    ["4 of 4 elements cannot be kept", { pattern: { keep: 4, of: 4 } }],
    ["the share 1 is not between 0 and 1", { pattern: { magnitude: 1 } }],
    ['no weight of the model matches "b" and takes the pattern', { pattern: { magnitude: 0.5 }, names: ["b"] }],
    ['takes the pattern: "deep": its 1 input channels are', { pattern: { keep: 2, of: 4 }, names: ["deep"] }],
  ])("%s", (message, options) => {
    expect(() => prune(net(), options)).toThrow(message);
  });
});

describe("what is pruned stays zero", () => {
  const random = randomStream(8);
  const x = Tensor.of(
    "float",
    Float32Array.from({ length: 60 * 128 }, () => 2 * random() - 1),
    [60, 8, 4, 4],
  );
  const data = arrays(
    { x },
    Tensor.of(
      "int64",
      Array.from({ length: 60 }, (_, i) => i % 3),
    ),
  );

  test.each<[string, (masks: ReadonlyMap<string, Tensor>) => Optimizer]>([
    ["under momentum and weight decay", (masks) => keepPruned(sgd({ momentum: 0.9, weightDecay: 0.01 }), masks)],
    ["under AdamW", (masks) => keepPruned(adamw(), masks)],
    ["in averages", (masks) => keepPruned(averaged(sgd({ momentum: 0.9 }), { decay: 0.9 }), masks)],
    ["in averages of what is kept", (masks) => averaged(keepPruned(adamw(), masks), { from: 3 })],
  ])("%s, while the rest moves", async (_, optimizerFor) => {
    const { graph, masks } = prune(net(), { pattern: { keep: 2, of: 4 } });
    const settings = { data, loss: crossEntropy(), batch: 20, epochs: 3, learningRate: 0.01 };
    const trained = await train(graph, { ...settings, optimizer: optimizerFor(masks) });
    for (const name of ["k", "w1", "w2"]) {
      const [before, after] = [floats(graph, name), floats(trained, name)];
      expect([...after].map((w) => w === 0)).toEqual([...before].map((w) => w === 0));
      expect(after).not.toEqual(before);
    }
  });

  test("in a run that was stopped and resumed, which ends with the bytes of the whole run", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lowbit-pruned-"));
    // As in a new process: pruned again from the model that the run began with.
    const run = (changes: Partial<FitOptions>): ReturnType<typeof fit> => {
      const { graph, masks } = prune(net(), { pattern: { keep: 2, of: 4 } });
      const optimizer = keepPruned(adamw(), masks);
      return fit(graph, {
        data,
        loss: crossEntropy(),
        batch: 20,
        epochs: 4,
        learningRate: 0.01,
        optimizer,
        ...changes,
      });
    };
    const toEnd = async (changes: Partial<FitOptions>): Promise<Graph> => {
      for await (const event of run(changes)) if (event.kind === "done") return event.graph;
      throw new Error("the run did not end");
    };
    const whole = await toEnd({});
    const stop = new AbortController();
    const kinds: string[] = [];
    for await (const event of run({ checkpoint: { folder }, signal: stop.signal })) {
      if (event.kind === "progress" && event.step >= 4) stop.abort();
      kinds.push(event.kind);
    }
    expect(kinds.at(-1)).toBe("stopped");
    const resumed = await toEnd({ checkpoint: { folder, resume: true } });
    rmSync(folder, { recursive: true });
    for (const name of ["k", "w1", "w2"]) expect(floats(resumed, name)).toEqual(floats(whole, name));
    expect(weightSparsity(resumed).zeros).toBe(weightSparsity(whole).zeros);
    expect(weightSparsity(whole).zeros).toBeGreaterThan(600);
  });

  test("unless nobody keeps it there", async () => {
    const { graph } = prune(net(), { pattern: { keep: 2, of: 4 } });
    const trained = await train(graph, { data, loss: crossEntropy(), optimizer: sgd(), batch: 20, learningRate: 0.01 });
    expect(weightSparsity(trained).zeros).toBeLessThan(10);
  });
});

test("zeros of quantized weights are codes at their zero point, per channel where it differs", () => {
  const graph = parseGraph(`q (float[N,4] x) => (y) <
      uint8[2,4] w = {3, 3, 7, 1, 5, 3, 5, 5}, float[2] s = {1.0, 2.0}, uint8[2] z = {3, 5}
    > {
      d = DequantizeLinear <axis = 0> (w, s, z)
      y = Gemm <transB = 1> (x, d) }`);
  expect(weightSparsity(graph).weights).toEqual([{ name: "w", zeros: 5, size: 8, twoOfFour: true }]);
});
