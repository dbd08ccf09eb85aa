import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompileError, GraphEditor, newModel, parseGraph, Tensor, type Graph } from "@lowbit/ir";
import { expect, test } from "vitest";
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
  return [...graph.initializers].map((value) => value.initializer!.bytes());
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
  await expect(attempt).rejects.toThrow(/^error train\/not-finite: the loss became (NaN|Infinity) at step \d+/);
});

test("a run that was stopped goes on from its checkpoint and ends with the same bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-checkpoint-"));
  const phases = [{ name: "slow", fromEpoch: 1, change: (): void => {} }];
  const whole = await train(net(), options({ epochs: 3, phases }));
  for (const stopAfter of [1, 7, 16, 20]) {
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
  await expect(others).rejects.toThrow("belongs to another model or to a run with other settings");
  rmSync(folder, { recursive: true });
});
