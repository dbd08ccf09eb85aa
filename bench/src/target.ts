/**
 * What `--target-drop 1` finds on models whose channels were rescaled at random by factors of 2^-3 to 2^3, without
 * equalization: for x86, and for a device that also has kernels for activations of 16 bits (as NPUs do; ONNX Runtime computes
 * such layers in float with the same codes, so its share of integers is that of the plan).
 *
 * `npm run bench:target [-- model... x86|16x8]`, models by a part of their name. Exits with 1 where no plan within the
 * target keeps half of the multiply-accumulates on integers on any of the two.
 */
import { x86 } from "@lowbit/backend-x86";
import { cloneModel, CompileError, loadModel, Tensor, type Model } from "@lowbit/ir";
import type { QuantDType, TargetSearch } from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { integerShare, whatRan } from "@lowbit/runtime";
import { labelledModels, materialsFolder, rescaleChannels, type LabelledBatch } from "@lowbit/test-models";
import { arrays, type Dataset } from "@lowbit/train";
import {
  annotateFromCapabilities,
  calibrationFeeds,
  quantizeEverything,
  quantizeToTarget,
  type Backend,
  type CapabilityTable,
  type QuantizedToTarget,
} from "lowbit";
import { timedAsync } from "./timed.ts";

const drop = 1;
const least = 0.5;
const calibrated = 256;
const models = ["keyword spotting of MLPerf Tiny", "ResNet8 of MLPerf Tiny", "ResNet20"] as const;

const plain = x86({ prefer: "integer" });
const activations: readonly QuantDType[] = ["uint8", "uint16"];
const wideTable: CapabilityTable = {
  ...plain.capabilities,
  ops: plain.capabilities.ops.map((row) => ({ ...row, activations })),
};
const { latency: _, ...rest } = plain;
const wide: Backend = {
  ...rest,
  name: "16x8",
  capabilities: wideTable,
  quantizer: {
    name: "16x8",
    annotate: (graph, options) => annotateFromCapabilities(graph, wideTable, quantizeEverything, options),
  },
};
const backends: Readonly<Record<string, Backend>> = { x86: plain, "16x8": wide };

const words = process.argv.slice(2);
const folder = materialsFolder();
if (folder === null) console.log("skipped: the models are not there (../shared/materials)");
else await measure(folder);

async function measure(materials: string): Promise<void> {
  const asked = words.filter((word) => !(word in backends));
  const chosen = models.filter((name) => asked.length === 0 || asked.some((word) => name.includes(word)));
  const devices = Object.keys(backends).filter(
    (name) => words.every((word) => !(word in backends)) || words.includes(name),
  );
  for (const name of chosen) {
    let best = 0;
    for (const device of devices) best = Math.max(best, await print(name, device, materials));
    const holds = best >= least;
    if (!holds) process.exitCode = 1;
    console.log(
      `${holds ? "holds" : "MISSED"}: ${name} keeps ${(100 * best).toFixed(1)} % on integers (bound: ${100 * least} %)\n`,
    );
  }
}

/** Prints what a search found, and returns the share of the multiply-accumulates that stays on integers. */
async function print(name: (typeof models)[number], device: string, materials: string): Promise<number> {
  const labelled = labelledModels[name];
  const model = rescaled(`${materials}/${labelled.file}`);
  const { train, test } = labelled.available;
  const calibration = dataset(labelled.train(materials, Math.min(train, calibrated)), model);
  const validate = dataset(labelled.test(materials, test), model);
  const backend = backends[device]!;
  const run = (): Promise<QuantizedToTarget> =>
    quantizeToTarget(model, {
      backend,
      data: calibrationFeeds(calibration, model.graph.inputs),
      target: { drop },
      validate,
      objective: "integers",
    });
  try {
    const [seconds, { quantized, search }] = await timedAsync(run);
    const [batch] = labelled.test(materials, 1);
    const feeds = { [inputOf(model)]: batch!.x };
    const share = device === "x86" ? integerShare(await whatRan(quantized.model, feeds)) : plannedShare(search);
    console.log(`${name}, ${device}: ${summary(search)}`);
    console.log(
      `  ${(100 * search.float.all!).toFixed(2)} % float, ${(100 * search.reached.metric!).toFixed(2)} % quantized, ` +
        `${search.reached.drop!.toFixed(2)} points lost over ${search.samples.all} samples; ` +
        `${(100 * share).toFixed(1)} % of the multiply-accumulates on integers; ${seconds.toFixed(0)} s`,
    );
    return share;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.log(`${name}, ${device}: ${error.diagnostic.message}`);
    return 0;
  }
}

function summary({ layers, tried, stopped }: TargetSearch): string {
  const count = (choice: string): number => layers.filter((layer) => layer.choice === choice).length;
  const kinds = `${count("int8")} layers in 8 bits, ${count("int16")} with 16-bit activations, ${count("float")} float`;
  return `${kinds}; ${tried.length} plans tried, ended: ${stopped}`;
}

function plannedShare({ layers }: TargetSearch): number {
  const products = (kept: boolean): number =>
    layers.reduce((sum, { macs, choice }) => (kept && choice === "float" ? sum : sum + macs), 0);
  return products(true) / products(false);
}

function rescaled(path: string): Model {
  const model = cloneModel(loadModel(path));
  runPasses(model, defaultPipeline);
  rescaleChannels(model.graph, 1);
  return model;
}

function dataset(batches: readonly LabelledBatch[], model: Model): Dataset {
  const values = Float32Array.from(batches.flatMap(({ x }) => [...x.floats()]));
  const labels = batches.flatMap((batch) => batch.labels);
  const x = Tensor.fromTyped("float", [labels.length, ...batches[0]!.x.dims.slice(1)], values);
  return arrays({ [inputOf(model)]: x }, Tensor.of("int64", labels));
}

function inputOf({ graph }: Model): string {
  return graph.inputs.find(({ initializer }) => !initializer)!.name;
}
