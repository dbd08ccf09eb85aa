import type { Command } from "commander";
import { inferShapes, cloneModel, CompileError, type Model, type Shape } from "@lowbit/ir";
import { openDataset, type DataOptions, type Dataset, type MetricName } from "@lowbit/train";
import { numberList, positiveNumber } from "./parse-values.ts";

/** Options of every command that reads data. */
export interface NormalizationOptions {
  readonly scale?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** What DATA may be, for help texts. */
export const dataForms = "file.npz | images.idx,labels.idx | folder of class folders | module.js";

/** Adds the options that normalize data: the model gets (value * scale - mean) / std. */
export function addNormalization(command: Command): Command {
  return command
    .option("--scale <X>", "multiply the data by this first, for example 1/255", positiveNumber)
    .option("--mean <X[,X...]>", "then subtract this, one number or one per channel", numberList)
    .option("--std <X[,X...]>", "then divide by this, one number or one per channel", numberList);
}

/** Opens data for a model. @throws CompileError `data/…` */
export function openData(
  source: string,
  model: Model,
  options: NormalizationOptions & Pick<DataOptions, "needsTargets">,
  targets?: DataOptions["targets"],
): Promise<Dataset> {
  const { scale, mean, std, needsTargets = false } = options;
  return openDataset(source, model.graph.inputs, {
    ...(scale === undefined ? {} : { scale }),
    ...(mean === undefined ? {} : { mean }),
    ...(std === undefined ? {} : { std }),
    ...(targets ? { targets, output: outputShape(model) } : {}),
    needsTargets,
  });
}

/** As `openData`, for what cannot do without targets. @throws CompileError `data/…`, among them `data/no-targets` */
export function openLabelled(
  source: string,
  model: Model,
  options: NormalizationOptions,
  targets: NonNullable<DataOptions["targets"]>,
): Promise<Dataset> {
  return openData(source, model, { ...options, needsTargets: true }, targets);
}

/** What the targets of data have to be for a metric. */
export function targetsFor(metric: MetricName): NonNullable<DataOptions["targets"]> {
  return metric === "mse" ? "value" : "class";
}

/** What makes data other data: where it is from, and how it is normalized. */
export function dataNameOf(source: string | undefined, { scale, mean, std }: NormalizationOptions): string {
  return JSON.stringify([source, scale, mean, std]);
}

/** The shape of a model's first output, inferred where the file does not tell it; null when nothing tells it. */
function outputShape(model: Model): Shape | null {
  const declared = model.graph.outputs[0]?.shape ?? null;
  if (declared && typeof declared[1] === "number") return declared;
  const copy = cloneModel(model);
  try {
    inferShapes(copy);
  } catch {
    // A model that contradicts itself is told when it is loaded to run.
    return declared;
  }
  return copy.graph.outputs[0]?.shape ?? declared;
}

/** A data set that tells how many samples were drawn in all. */
export function counted(data: Dataset, onSamples: (drawn: number) => void): Dataset {
  return {
    size: data.size,
    hasTargets: data.hasTargets,
    async *batches(options) {
      let drawn = 0;
      for await (const batch of data.batches(options)) {
        yield batch;
        onSamples((drawn += batch.size));
      }
    },
  };
}

/** Data with the metric its targets can be measured with. */
export interface MeasurableData {
  readonly data: Dataset;
  /** Null without targets, or with targets that do not fit the model. */
  readonly metric: "accuracy" | "mse" | null;
  /** Why targets do not fit the model; null where they do or are missing. */
  readonly problem: string | null;
}

/**
 * Opens data and finds out what its targets are: class indices, values that the model should answer, or nothing.
 *
 * @throws CompileError `data/…` about anything but the targets
 */
export async function openMeasurable(
  source: string,
  model: Model,
  options: NormalizationOptions,
): Promise<MeasurableData> {
  let problem: string | null = null;
  for (const [targets, metric] of [
    ["class", "accuracy"],
    ["value", "mse"],
  ] as const) {
    try {
      const data = await openData(source, model, options, targets);
      if (!data.hasTargets) return { data, metric: null, problem: null };
      // Targets that are read on demand are looked at when they are drawn.
      for await (const _ of data.batches({ batch: 1, samples: 1 })) break;
      return { data, metric, problem: null };
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      problem ??= error.diagnostic.message;
    }
  }
  return { data: await openData(source, model, options), metric: null, problem };
}
