import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompileError, GraphEditor, newModel, parseGraph, Tensor, type Graph } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { arrays } from "../data/arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { randomStream } from "../data/random.ts";
import { evaluate } from "../evaluate/evaluate.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { adam } from "../optimizer/adam.ts";
import { averaged } from "../optimizer/averaged.ts";
import { sgd } from "../optimizer/sgd.ts";
import { fit, train } from "./fit.ts";
import type { FitEvent, FitOptions } from "./fit-options.ts";

const net = (): Graph =>
  parseGraph(`net (float[N,2] x) => (float[N,2] y) <float[16,2] w1, float[16] b1, float[2,16] w2, float[2] b2> {
    h = Gemm <transB = 1> (x, w1, b1)
    r = Relu (h)
    y = Gemm <transB = 1> (r, w2, b2) }`);

/** Points inside and outside a circle: not separable by a line. */
function circle(count: number): Dataset {
  const random = randomStream(11);
  const points = Float32Array.from({ length: 2 * count }, () => 2 * random() - 1);
  const labels = Array.from({ length: count }, (_, i) =>
    Math.hypot(points[2 * i]!, points[2 * i + 1]!) < 0.7 ? 1 : 0,
  );
  return arrays({ x: Tensor.fromTyped("float", [count, 2], points) }, Tensor.of("int64", labels));
}

const options = (changes: Partial<FitOptions> = {}): FitOptions => ({
  data: circle(500),
  loss: crossEntropy(),
  optimizer: adam(),
  learningRate: 0.02,
  batch: 32,
  epochs: 8,
  ...changes,
});

function weightBytes(graph: Graph): readonly Uint8Array[] {
  return [...graph.initializers].map((value) => new Uint8Array(value.initializer!.bytes()));
}

test("a model learns what a line cannot separate, and the original stays as it was", async () => {
  const graph = net();
  const before = weightBytes(graph).map((bytes) => bytes.slice());
  const trained = await train(graph, options());
  expect(weightBytes(graph)).toEqual(before);
  const { value, samples } = await evaluate(newModel(trained), circle(500));
  expect(samples).toBe(500);
  expect(value).toBeGreaterThan(0.95);
});

test("the same seed gives the same weights, byte for byte; another seed gives others", async () => {
  const [first, second, other] = await Promise.all([
    train(net(), options({ epochs: 2 })),
    train(net(), options({ epochs: 2 })),
    train(net(), options({ epochs: 2, seed: 1 })),
  ]);
  expect(weightBytes(first!)).toEqual(weightBytes(second!));
  expect(weightBytes(first!)).not.toEqual(weightBytes(other!));
});

test("an epoch reports all its steps, the smaller last batch included", async () => {
  const events: FitEvent[] = [];
  await train(net(), options({ epochs: 2, validate: () => Promise.resolve(0.5) }), (event) => events.push(event));
  const epochs = events.flatMap((event) =>
    event.kind === "epoch" ? [[event.epoch, event.steps, event.validation]] : [],
  );
  expect(epochs).toEqual([
    [0, 16, 0.5],
    [1, 16, 0.5],
  ]);
  const last = events.findLast((event) => event.kind === "progress");
  expect(last).toMatchObject({ step: 32, steps: 32 });
});

test("an epoch can be a part of the data, another one each time", async () => {
  const seen: string[] = [];
  const data: Dataset = {
    ...circle(100),
    async *batches(how) {
      for await (const batch of circle(100).batches(how)) {
        seen.push(batch.inputs.x!.floats().slice(0, 2).join());
        yield batch;
      }
    },
  };
  const events: FitEvent[] = [];
  await train(net(), options({ data, samples: 40, batch: 20, epochs: 2 }), (event) => events.push(event));
  expect(events.findLast((event) => event.kind === "progress")).toMatchObject({ step: 4, steps: 4 });
  expect(new Set(seen).size).toBe(4);
});

test("batches that pass through the model in parts give the same model up to rounding", async () => {
  const settings = { epochs: 2, optimizer: sgd({ momentum: 0.9 }) };
  const whole = await train(net(), options(settings));
  const parts = await train(net(), options({ ...settings, microBatch: 12 }));
  for (const value of whole.initializers) {
    const others = parts.value(value.name)!.initializer!.floats();
    value.initializer!.floats().forEach((x, i) => expect(others[i]).toBeCloseTo(x, 4));
  }
});

test("an optimizer that averages gives the averages to validation and to the caller, and resumes", async () => {
  const optimizer = averaged(adam(), { decay: 0.9 });
  const seen: Uint8Array[] = [];
  const validate = (graph: Graph): Promise<number> => {
    seen.push(graph.value("w1")!.initializer!.bytes().slice());
    return Promise.resolve(0);
  };
  const whole = await train(net(), options({ epochs: 2, optimizer, validate }));
  const plain = await train(net(), options({ epochs: 2 }));
  expect(weightBytes(whole)).not.toEqual(weightBytes(plain));
  expect(seen.at(-1)).toEqual(whole.value("w1")!.initializer!.bytes());
  const folder = mkdtempSync(join(tmpdir(), "lowbit-checkpoint-"));
  const stop = new AbortController();
  for await (const event of fit(
    net(),
    options({ epochs: 2, optimizer, checkpoint: { folder }, signal: stop.signal }),
  )) {
    if (event.kind === "progress" && event.step >= 5) stop.abort();
  }
  const resumed = await train(net(), options({ epochs: 2, optimizer, checkpoint: { folder, resume: true } }));
  expect(weightBytes(resumed)).toEqual(weightBytes(whole));
  rmSync(folder, { recursive: true });
});

test("a phase trains another form of the graph on the same state", async () => {
  const events: string[] = [];
  const frozen: Float32Array[] = [];
  const graph = await train(
    net(),
    options({
      epochs: 2,
      phases: [
        {
          name: "freeze the first layer",
          fromEpoch: 1,
          change(form) {
            const editor = new GraphEditor(form);
            for (const name of ["w1", "b1"]) editor.setRole(form.value(name)!, "buffer");
            frozen.push(form.value("w1")!.initializer!.floats().slice());
          },
        },
      ],
    }),
    (event) => events.push(event.kind === "phase" ? `${event.epoch}: ${event.name}` : event.kind),
  );
  expect(events.filter((event) => event.includes("freeze"))).toEqual(["1: freeze the first layer"]);
  expect(graph.value("w1")!.initializer!.floats()).toEqual(frozen[0]);
});

test("a caller may stop in the middle", async () => {
  const seen: string[] = [];
  for await (const event of fit(net(), options())) {
    seen.push(event.kind);
    if (event.kind === "progress") break;
  }
  expect(seen).toEqual(["progress"]);
});

test("training stops with a diagnostic when the loss is no longer a number", async () => {
  const attempt = train(net(), options({ optimizer: sgd(), learningRate: 1e30 }));
  await expect(attempt).rejects.toThrow(CompileError);
  await expect(attempt).rejects.toThrow(
    /^error train\/not-finite: (the loss became|"w1" holds) (NaN|-?Infinity) at step \d+/,
  );
});

test("a run that was stopped goes on from its checkpoint and ends with the same bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-checkpoint-"));
  const phases = [{ name: "slow", fromEpoch: 1, change: (): void => {} }];
  const whole = await train(net(), options({ epochs: 3, phases }));
  for (const stopAfter of [1, 7, 16, 20]) {
    rmSync(folder, { recursive: true, force: true });
    const stop = new AbortController();
    const kinds: string[] = [];
    for await (const event of fit(net(), options({ epochs: 3, phases, checkpoint: { folder }, signal: stop.signal }))) {
      if (event.kind === "progress" && event.step >= stopAfter) stop.abort();
      kinds.push(event.kind);
    }
    expect(kinds.at(-1)).toBe("stopped");
    const resumed = await train(net(), options({ epochs: 3, phases, checkpoint: { folder, resume: true } }));
    expect(weightBytes(resumed)).toEqual(weightBytes(whole));
  }
  const others = train(net(), options({ epochs: 3, batch: 16, checkpoint: { folder, resume: true } }));
  await expect(others).rejects.toThrow("belongs to a run with other settings: batch 32, not 16; phases");
  const anew = train(net(), options({ epochs: 3, checkpoint: { folder } }));
  await expect(anew).rejects.toThrow("train/checkpoint-exists");
  const nowhere = train(net(), options({ checkpoint: { folder: join(folder, "none"), resume: true } }));
  await expect(nowhere).rejects.toThrow("train/nothing-to-resume");
  rmSync(folder, { recursive: true });
});

test("a run whose numbers break down keeps the checkpoint from before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-checkpoint-"));
  const schedule = (progress: number): number => (progress < 0.6 ? 1 : 1e38);
  const settings = options({ epochs: 4, schedule, checkpoint: { folder, everySeconds: 0 } });
  const { checkpoint: _, ...unsaved } = settings;
  const help = "lower the learning rate, clip gradients, or check the data for NaN";
  await expect(train(net(), unsaved)).rejects.toMatchObject({ diagnostic: { code: "train/not-finite", help } });
  await expect(train(net(), settings)).rejects.toMatchObject({
    diagnostic: { help: expect.stringMatching(/; the checkpoint of step \d+ is kept$/) },
  });
  const resumed: FitEvent[] = [];
  const again = { ...settings, checkpoint: { folder, resume: true } };
  await expect(train(net(), again, (event) => resumed.push(event))).rejects.toThrow("train/not-finite");
  expect(resumed[0]).toMatchObject({ kind: "resumed", epoch: 2 });
  rmSync(folder, { recursive: true });
});

test("phases before the one that a run resumes in have changed the graph too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-checkpoint-"));
  const freeze = (name: string) => ({
    name: `freeze ${name}`,
    change(form: Graph): void {
      new GraphEditor(form).setRole(form.value(name)!, "buffer");
    },
  });
  const phases = [
    { ...freeze("w1"), fromEpoch: 1 },
    { ...freeze("b1"), fromEpoch: 2 },
  ];
  const whole = await train(net(), options({ epochs: 4, phases }));
  const stop = new AbortController();
  const stopped = fit(net(), options({ epochs: 4, phases, checkpoint: { folder }, signal: stop.signal }));
  for await (const event of stopped) if (event.kind === "progress" && event.epoch === 2) stop.abort();
  const resumed = await train(net(), options({ epochs: 4, phases, checkpoint: { folder, resume: true } }));
  expect(weightBytes(resumed)).toEqual(weightBytes(whole));
  // A finished run gives the same graph again.
  const again = await train(net(), options({ epochs: 4, phases, checkpoint: { folder, resume: true } }));
  expect(weightBytes(again)).toEqual(weightBytes(whole));
  expect(again.value("w1")!.role).toBe("buffer");
  rmSync(folder, { recursive: true });
});

describe("validation", () => {
  /** Validates by a fixed list, and remembers the first weight of each epoch. */
  const scored = (scores: readonly number[]): { seen: number[]; validate: (graph: Graph) => Promise<number> } => {
    const seen: number[] = [];
    return {
      seen,
      validate: (graph) => {
        seen.push(graph.value("w1")!.initializer!.floats()[0]!);
        return Promise.resolve(scores[seen.length - 1]!);
      },
    };
  };

  test("can decide which epoch is kept", async () => {
    for (const [better, best] of [
      ["higher", 1],
      ["lower", 2],
    ] as const) {
      const { seen, validate } = scored([0.5, 0.8, 0.2, 0.7]);
      const events: FitEvent[] = [];
      const kept = await train(net(), options({ epochs: 4, validate, better, keep: "best" }), (event) =>
        events.push(event),
      );
      expect(kept.value("w1")!.initializer!.floats()[0]).toBe(seen[best]);
      expect(events.at(-1)).toMatchObject({ kind: "done", epoch: best });
    }
  });

  test("can end a run early, also one that was stopped in between", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lowbit-checkpoint-"));
    const scores = [0.5, 0.8, 0.8, NaN, 0.9];
    const kinds = async (changes: Partial<FitOptions>, from: number, until?: AbortController): Promise<string[]> => {
      const events: string[] = [];
      const { validate } = scored(scores.slice(from));
      for await (const event of fit(net(), options({ epochs: 5, validate, patience: 2, ...changes }))) {
        if (event.kind === "epoch") events.push(`epoch ${event.epoch}${event.best ? " best" : ""}`);
        if (event.kind === "ended-early") events.push(`ended, best ${event.bestEpoch}`);
        if (event.kind === "progress" && event.epoch === 3) until?.abort();
      }
      return events;
    };
    const whole = ["epoch 0 best", "epoch 1 best", "epoch 2", "epoch 3", "ended, best 1"];
    expect(await kinds({}, 0)).toEqual(whole);
    const stop = new AbortController();
    const first = await kinds({ checkpoint: { folder }, signal: stop.signal }, 0, stop);
    expect([...first, ...(await kinds({ checkpoint: { folder, resume: true } }, 3))]).toEqual(whole);
    rmSync(folder, { recursive: true });
  });

  test("must take place for the best epoch to be kept", async () => {
    await expect(train(net(), options({ keep: "best" }))).rejects.toThrow("nothing is validated");
    await expect(train(net(), options({ patience: 3 }))).rejects.toThrow("nothing is validated");
  });
});

test("an epoch tells the share of codes that it changed", async () => {
  const seen: number[][] = [];
  const codes = (graph: Graph): ReadonlyMap<string, Tensor> => {
    const signs = Array.from(graph.value("w1")!.initializer!.floats(), (w) => Math.round(4 * w));
    seen.push(signs);
    return new Map([["w1", Tensor.of("int8", signs)]]);
  };
  const events: FitEvent[] = [];
  await train(net(), options({ epochs: 1, codes }), (event) => events.push(event));
  const changed = seen[1]!.filter((code, i) => code !== seen[0]![i]).length / 32;
  expect(changed).toBeGreaterThan(0);
  expect(events.find((event) => event.kind === "epoch")).toMatchObject({
    changedCodes: { share: changed, layers: { w1: changed } },
  });
});

test("batches are prepared while steps run", async () => {
  const order: string[] = [];
  const data: Dataset = {
    ...circle(64),
    async *batches(how) {
      let index = 0;
      for await (const batch of circle(64).batches(how)) {
        order.push(`prepared ${index++}`);
        yield batch;
      }
    },
  };
  for await (const event of fit(net(), options({ data, batch: 16, epochs: 1 }))) {
    if (event.kind === "progress") order.push(`done ${event.step}`);
  }
  expect(order.indexOf("prepared 1")).toBeLessThan(order.indexOf("done 1"));
});

describe("the first number that is none is traced to", () => {
  const origin = async (graph: Graph, changes: Partial<FitOptions>): Promise<string> => {
    const error: unknown = await train(graph, options(changes)).catch((reason: unknown) => reason);
    return (error as CompileError).diagnostic.message;
  };
  const small = (body: string): Graph =>
    parseGraph(`net (float[N,2] x) => (float[N,2] y) <float[2,2] w = {0.5, -0.5, 0.25, 1.0}> { ${body} }`);

  test("a node of the model", async () => {
    const graph = small(`h = MatMul (x, w)
      [big] e = Exp (h)
      [log] y = Log (h)`);
    expect(await origin(graph, {})).toMatch(
      /^the loss became NaN at step 1; .* came from node "log" \(Log\) in step 1$/,
    );
  });

  test("a gradient", async () => {
    const graph = small(`h = MatMul (x, w)
      z = Sub (h, h)
      [root] r = Sqrt (z)
      y = Add (h, r)`);
    expect(await origin(graph, {})).toMatch(/came from the gradient of "root"/);
  });

  test("the update", async () => {
    expect(await origin(net(), { optimizer: sgd(), learningRate: 1e39 })).toMatch(
      /of the loss or the update in step 1$/,
    );
  });

  test.each([
    [
      "a node of the model",
      "h = MatMul (x, w) [big] e = Exp (h) [log] y = Log (h)",
      /came from node "log" \(Log\) in step 1$/,
    ],
    [
      "a gradient",
      "h = MatMul (x, w) z = Sub (h, h) [root] r = Sqrt (z) y = Add (h, r)",
      /came from the gradient of "root"/,
    ],
  ])("%s, where batches pass in parts", async (_, body, expected) => {
    expect(await origin(small(body), { microBatch: 8 })).toMatch(expected);
  });

  test("the data", async () => {
    const data = arrays({ x: Tensor.of("float", [1, 2, NaN, 4], [2, 2]) }, Tensor.of("int64", [0, 1]));
    expect(await origin(net(), { data })).toMatch(
      /came from the data: "x" holds NaN or infinity in the batch of step 1$/,
    );
  });
});
