import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { arm } from "@lowbit/backend-arm";
import { x86 } from "@lowbit/backend-x86";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import {
  cloneModel,
  CompileError,
  Graph,
  GraphEditor,
  newModel,
  Tensor,
  tensorType,
  type Model,
  type Value,
} from "@lowbit/ir";
import {
  adam,
  arrays,
  crossEntropy,
  evaluate,
  randomCrop,
  randomStream,
  sgd,
  type Dataset,
  type FitEvent,
} from "@lowbit/train";
import { trainQuantized, type TrainedQuantized } from "./quantization-aware-training.ts";
import { phasesOf, trainModel } from "./training.ts";
import { withWeightScheme } from "./weight-scheme.ts";

/**
 * Conv+BatchNormalization+Relu twice, pooled, and a Gemm to three classes; exported for training, its normalizations use
 * the batch and a Dropout comes before the Gemm.
 */
function convolutional(exportedFor: "inference" | "training" = "inference"): Model {
  const editor = new GraphEditor(new Graph("bars"));
  const { op } = editor;
  const random = randomStream(3);
  const weights = (name: string, dims: readonly number[], fanIn: number): Value => {
    const size = dims.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: size }, () => (2 * random() - 1) / Math.sqrt(fanIn));
    return editor.initializer(Tensor.of("float", values, dims), name);
  };
  const each = (name: string, value: number, size: number): Value =>
    editor.initializer(Tensor.of("float", new Float32Array(size).fill(value)), name);
  const block = (x: Value, name: string, inputs: number, outputs: number): Value => {
    const w = weights(`${name}.w`, [outputs, inputs, 3, 3], 9 * inputs);
    const linear = op.Conv([x, w], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, { name });
    const statistics = [each(`${name}.mean`, 0, outputs), each(`${name}.var`, 1, outputs)] as const;
    const operands = [linear, each(`${name}.g`, 1, outputs), each(`${name}.b`, 0, outputs), ...statistics];
    const training = exportedFor === "training";
    return op.Relu([
      editor.node("BatchNormalization", operands, training ? { training_mode: 1 } : {}, { outputs: training ? 3 : 1 })
        .output,
    ]);
  };
  const x = editor.input("x", tensorType("float", ["N", 1, 8, 8]));
  const features = op.Flatten([
    op.MaxPool([block(block(x, "c1", 1, 8), "c2", 8, 8)], { kernel_shape: [4, 4], strides: [4, 4] }),
  ]);
  const setting = (value: number, dtype: "float" | "bool"): Value =>
    editor.initializer(Tensor.of(dtype, [value], []), `drop.${dtype}`);
  const kept =
    exportedFor === "training"
      ? op.Dropout([features, setting(0.2, "float"), setting(1, "bool")], { seed: 3 })
      : features;
  const scores = op.Gemm([kept, weights("w", [3, 32], 32), each("b", 0, 3)], { transB: 1 }, { name: "fc" });
  editor.rename(scores, "scores");
  editor.output(scores);
  return newModel(editor.graph);
}

/** Noisy images of a horizontal bar, a vertical bar, or none. */
function bars(count: number, seed: number): Dataset {
  const random = randomStream(seed);
  const labels = Array.from({ length: count }, () => Math.floor(3 * random()));
  const pixels = labels.flatMap((label) => {
    const at = 1 + Math.floor(6 * random());
    return Array.from({ length: 64 }, (_, i) => {
      const isBar = label === 0 ? Math.floor(i / 8) === at : label === 1 && i % 8 === at;
      return (isBar ? 1 : 0) + 0.6 * random();
    });
  });
  return arrays({ x: Tensor.of("float", pixels, [count, 1, 8, 8]) }, Tensor.of("int64", labels));
}

const [data, held] = [bars(600, 1), bars(300, 2)];
const settings = { data, loss: crossEntropy(), optimizer: adam(), batch: 30, threads: 1 };
let float: Model;

beforeAll(async () => {
  float = await trainModel(convolutional(), { ...settings, epochs: 4, learningRate: 1e-2 });
}, 60_000);

async function accuracy(model: Model): Promise<number> {
  return (await evaluate(model, held, { threads: 1 })).value;
}

/** Data that tells how many of its samples were drawn. */
function counted(source: Dataset): readonly [Dataset, () => number] {
  let drawn = 0;
  const counting: Dataset = {
    ...source,
    async *batches(options) {
      for await (const batch of source.batches(options)) {
        drawn += batch.size;
        yield batch;
      }
    },
  };
  return [counting, () => drawn];
}

function dtypes(model: Model): ReadonlySet<unknown> {
  return new Set([...model.graph.initializers].map((value) => value.dtype));
}

describe("training a model with BatchNormalization", () => {
  test("in float keeps the normalizations and learns", async () => {
    expect([...float.graph.nodes].filter((node) => node.op === "BatchNormalization").length).toBe(2);
    expect(await accuracy(float)).toBeGreaterThan(0.9);
  });

  test("for integers ends with a model of integers that is as good, with everything planned on integers", async () => {
    const events: FitEvent[] = [];
    const { model, skipped } = await trainQuantized(float, {
      ...settings,
      backend: x86({ prefer: "integer" }),
      epochs: 3,
      learningRate: 1e-3,
      freezeBatchNormalization: 1,
      freezeObservers: 2,
      validate: accuracy,
      onEvent: (event) => events.push(event),
    });
    expect(await accuracy(model)).toBeGreaterThan((await accuracy(float)) - 0.02);
    expect([...model.graph.nodes].filter((node) => node.domain !== "" || node.op === "BatchNormalization")).toEqual([]);
    expect(dtypes(model).has("int8")).toBe(true);
    expect(skipped).toEqual([]);
    const phases = events.flatMap((event) => (event.kind === "phase" ? [`${event.epoch}: ${event.name}`] : []));
    expect(phases).toEqual(["1: batch normalization frozen", "2: batch normalization frozen, observers frozen"]);
    const validations = events.flatMap((event) => (event.kind === "epoch" ? [event.validation] : []));
    expect(validations.length).toBe(3);
  }, 60_000);

  test("exported for training comes back in the form that is used, float and on integers", async () => {
    const ops = (model: Model): readonly string[] =>
      [...model.graph.nodes].map((node) => node.op + (node.int("training_mode", 0) === 1 ? " in training" : ""));
    const exported = convolutional("training");
    const inFloat = await trainModel(exported, { ...settings, epochs: 4, learningRate: 1e-2 });
    expect(ops(inFloat).filter((op) => op.startsWith("BatchNorm"))).toEqual([
      "BatchNormalization",
      "BatchNormalization",
    ]);
    expect(ops(inFloat)).not.toContain("Dropout");
    expect(await accuracy(inFloat)).toBeGreaterThan(0.9);
    const { model } = await trainQuantized(exported, {
      ...settings,
      backend: x86({ prefer: "integer" }),
      epochs: 4,
      learningRate: 1e-2,
    });
    expect(ops(model).filter((op) => op.startsWith("BatchNorm") || op === "Dropout")).toEqual([]);
    expect(await accuracy(model)).toBeGreaterThan(0.9);
  }, 60_000);

  test("with 4-bit weights and learned scales still learns", async () => {
    const { model } = await trainQuantized(float, {
      ...settings,
      backend: x86({ prefer: "integer" }),
      epochs: 2,
      learningRate: 2e-3,
      learnScales: true,
      editPlan: (plan) => withWeightScheme(plan, { dtype: "int4" }),
    });
    expect(dtypes(model).has("int4")).toBe(true);
    expect(await accuracy(model)).toBeGreaterThan(0.85);
  }, 60_000);

  test.each([
    [{ parameters: ["fcc"] }, 'no trainable parameter of the model matches "fcc"'],
    [{ frozen: ["role:scales"] }, 'no trainable parameter of the model matches "role:scales"'],
    [{ parameters: ["c1.w.scale.log_ration"] }, 'no trainable parameter of the model matches "c1.w.scale.log_ration"'],
    [{ parameters: ["role:scale"], frozen: ["*"] }, 'matches "role:scale" besides those that are frozen ("*")'],
  ])("with learned scales refuses %j before it calibrates", async (choice, message) => {
    const [counting, drawn] = counted(settings.data);
    const options = { ...settings, data: counting, backend: x86({ prefer: "integer" }), learnScales: true, ...choice };
    await expect(trainQuantized(float, options)).rejects.toThrow(message);
    expect(drawn()).toBe(1);
  });

  test("refuses to go on with other settings or another version before it calibrates", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lowbit-training-"));
    const options = { ...settings, backend: x86({ prefer: "integer" }), freezeBatchNormalization: 0 };
    await trainQuantized(float, { ...options, checkpoint: { folder } });
    const [counting, drawn] = counted(settings.data);
    const resumed = { ...options, data: counting, checkpoint: { folder, resume: true } };
    await expect(trainQuantized(float, { ...resumed, batch: 20 })).rejects.toThrow("batch 30, not 20");
    expect(drawn()).toBe(0);
    await trainQuantized(float, resumed);
    const path = join(folder, "checkpoint.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"lowbit": ".*"/, '"lowbit": "0.0.9"'));
    const seen = drawn();
    await expect(trainQuantized(float, resumed)).rejects.toThrow("was saved by lowbit 0.0.9, and this is lowbit");
    expect(drawn()).toBe(seen);
    rmSync(folder, { recursive: true });
  });

  test("with learned scales trains those that are chosen, zero points among them", async () => {
    const centred = arrays(
      {
        x: Tensor.of(
          "float",
          Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i)),
          [64, 1, 8, 8],
        ),
      },
      Tensor.of("int64", new Uint8Array(64)),
    );
    const events: FitEvent[] = [];
    await trainQuantized(float, {
      ...settings,
      data: centred,
      backend: x86({ prefer: "integer" }),
      learnScales: true,
      learnZeroPoints: true,
      parameters: ["c1.w.scale.*", "x.zero_point.shift"],
      onEvent: (event) => events.push(event),
    });
    expect(events.find((event) => event.kind === "chosen")).toMatchObject({
      names: ["x.zero_point.shift", "c1.w.scale.log_ratio"],
    });
  });

  test("deploys the learned scales of folded weights: the range times what was learned", async () => {
    const { model, prepared } = await trainQuantized(float, {
      ...settings,
      backend: x86({ prefer: "integer" }),
      epochs: 3,
      learningRate: 2e-3,
      learnScales: true,
      freezeBatchNormalization: 1,
      integerForward: 2,
    });
    const of = (name: string): Float32Array => prepared.graph.value(name)!.initializer!.floats();
    const [w, gamma, variance, ratio] = [of("c1.w"), of("c1.g"), of("c1.var"), of("c1.w.scale.log_ratio")];
    expect(ratio.every((each) => each !== 0)).toBe(true);
    const composite = [...prepared.graph.nodes].find((node) => node.inputs[1]?.name === "c1.w")!;
    const conv = [...model.graph.nodes].find((node) => node.op === "Conv")!;
    const deployed = conv.inputs[1]!.producer!.inputs[1]!.initializer!.floats();
    const perChannel = w.length / gamma.length;
    // x86 repeats them where pixels of a row are channels.
    for (const [at, scale] of deployed.entries()) {
      const c = at % gamma.length;
      const own = w.slice(c * perChannel, (c + 1) * perChannel).map(Math.abs);
      const k = Math.abs(gamma[c]!) / Math.sqrt(variance[c]! + composite.float("epsilon", 1e-5));
      const range = Math.max(...own) * k;
      expect(scale / ((range / composite.int("weight_qmax", 0)) * Math.exp(ratio[c]!))).toBeCloseTo(1, 5);
    }
    expect(await accuracy(model)).toBeGreaterThan((await accuracy(float)) - 0.03);
  }, 60_000);

  test.each([x86({ prefer: "integer" }), arm()])(
    "with pruned weights ends with integer zeros for $name",
    async (backend) => {
      const { model, sparsity } = await trainQuantized(float, {
        ...settings,
        backend,
        epochs: 2,
        learningRate: 2e-3,
        optimizer: sgd({ momentum: 0.9 }),
        prune: { pattern: { keep: 2, of: 4 } },
      });
      const patterned = sparsity!.weights.filter(({ twoOfFour }) => twoOfFour);
      expect(patterned.map(({ size }) => size).toSorted((a, b) => a - b)).toEqual([96, 576]);
      expect(sparsity!.zeros).toBeGreaterThanOrEqual((96 + 576) / 2);
      expect(await accuracy(model)).toBeGreaterThan(0.85);
    },
    60_000,
  );

  test("statistics that are estimated anew repair those that training kept wrong", async () => {
    const lost = cloneModel(float);
    for (const name of ["c1.mean", "c2.mean"]) {
      const value = lost.graph.value(name)!;
      const moved = value.initializer!.floats().map((mean) => mean + 3);
      new GraphEditor(lost.graph).setInitializer(value, Tensor.of("float", moved));
    }
    const still = { ...settings, learningRate: 1e-9, freezeBatchNormalization: 0 };
    expect(await accuracy(await trainModel(lost, still))).toBeLessThan(0.7);
    const repaired = await trainModel(lost, { ...still, reestimateBatchNormalization: 20 });
    expect(await accuracy(repaired)).toBeGreaterThan((await accuracy(float)) - 0.02);
    const mean = (model: Model): Float32Array => model.graph.value("c1.mean")!.initializer!.floats();
    mean(repaired).forEach((value, i) => expect(value).toBeCloseTo(mean(float)[i]!, 1));
  }, 60_000);

  test("statistics are estimated anew on samples augmented as for training", async () => {
    const augment = [randomCrop({ padding: 3, fill: [5] })];
    const still = { ...settings, augment, learningRate: 1e-9 };
    const [left, anew] = [
      await trainModel(float, { ...still, epochs: 3 }),
      await trainModel(float, { ...still, reestimateBatchNormalization: 20 }),
    ];
    const deviation = (model: Model): Float32Array => model.graph.value("c1.var")!.initializer!.floats().map(Math.sqrt);
    deviation(anew).forEach((value, i) => {
      expect(value / deviation(left)[i]!).toBeCloseTo(1, 1);
      expect(value).toBeGreaterThan(2 * deviation(float)[i]!);
    });
  }, 60_000);

  test("statistics that are estimated anew are those of the integer model", async () => {
    const backend = x86({ prefer: "integer" });
    const options = { ...settings, backend, learningRate: 1e-3 };
    const [as, anew] = [
      await trainQuantized(float, options),
      await trainQuantized(float, { ...options, reestimateBatchNormalization: 10 }),
    ];
    const of = ({ prepared }: TrainedQuantized, name: string): Tensor => prepared.graph.value(name)!.initializer!;
    expect(of(anew, "c1.w").floats()).toEqual(of(as, "c1.w").floats());
    expect(of(anew, "c1.var").floats()).not.toEqual(of(as, "c1.var").floats());
    expect(await accuracy(anew.model)).toBeGreaterThan((await accuracy(float)) - 0.02);
  }, 60_000);

  test("statistics that are not there are no reason to train first", async () => {
    const { graph } = cloneModel(float);
    const folded = { ...float, graph };
    runPasses(folded, defaultPipeline);
    const events: FitEvent[] = [];
    const options = { ...settings, reestimateBatchNormalization: 1, onEvent: (event: FitEvent) => events.push(event) };
    const error: unknown = await trainModel(folded, options).catch((reason: unknown) => reason);
    expect(error instanceof CompileError && error.diagnostic.code).toBe("train/reestimate");
    expect(events).toEqual([]);
  });

  test("stops with a diagnostic when it is told to", async () => {
    const controller = new AbortController();
    const stopped = trainQuantized(float, {
      ...settings,
      backend: x86({ prefer: "integer" }),
      epochs: 100,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === "progress") controller.abort();
      },
    });
    const error: unknown = await stopped.catch((reason: unknown) => reason);
    expect(error instanceof CompileError && error.diagnostic.code).toBe("train/stopped");
  }, 60_000);
});

describe("phases", () => {
  const change = (): void => {};

  test.each([
    [{}, []],
    [{ freezeBatchNormalization: 0 }, ["0 frozen batch normalization frozen"]],
    [{ freezeObservers: { after: 2, change } }, ["2 train observers frozen changed"]],
    [
      { freezeBatchNormalization: 3, freezeObservers: { after: 2, change } },
      ["2 train observers frozen changed", "3 frozen batch normalization frozen, observers frozen"],
    ],
    [
      { freezeBatchNormalization: 2, freezeObservers: { after: 2, change } },
      ["2 frozen batch normalization frozen, observers frozen changed"],
    ],
    [
      { freezeObservers: { after: 1, change }, integerForward: { after: 2, form: { lower: [] } } },
      ["1 train observers frozen changed", "2 frozen batch normalization frozen, observers frozen, integer forward"],
    ],
  ])("of %j", (options, expected) => {
    const words = phasesOf(options).map((phase) =>
      [phase.fromEpoch, phase.batchNormalization, phase.name, ...(phase.change ? ["changed"] : [])].join(" "),
    );
    expect(words).toEqual(expected);
  });
});
