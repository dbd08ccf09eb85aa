import { arch, availableParallelism, cpus, platform } from "node:os";
import { loadModel, type Model } from "@lowbit/ir";
import type { Deployment, Pair } from "@lowbit/report";
import { integerShare, whatRan, type Feeds } from "@lowbit/runtime";
import { evaluate, type Dataset, type MetricName } from "@lowbit/train";
import { benchmark, type NamedModel, type Timing } from "../benchmark.ts";
import { runtimeConfigOf } from "../backends/runtime-config.ts";
import { modelBytes } from "../deployed-file.ts";
import { modelFileBytes } from "../model-file-bytes.ts";

/** A model to measure: in memory, and in its file where it has one. */
export interface ModelAndFile {
  readonly model: Model;
  readonly path?: string;
  /** Session configuration under which its kernels are told and timed; latency is that of an ordinary session. */
  readonly runtimeConfig?: Readonly<Record<string, string>> | undefined;
}

/** What models are measured with. */
export interface MeasureOptions {
  /** Null: nothing is measured against targets. */
  readonly quality: {
    readonly data: Dataset;
    readonly metric: MetricName;
    readonly samples: number;
    readonly source: string;
  } | null;
  /** One run's worth of inputs of the new model. */
  readonly feeds: Feeds;
  readonly threads: number | undefined;
  /** Whether the new model is one on integers. */
  readonly onIntegers: boolean;
  readonly progress?: (doing: string) => void;
}

/** Time spent on the latency of each model. */
const secondsPerModel = 1;

/**
 * Measures a new model beside the one it was made from: bytes, latency in turns, share of integer work, quality on data.
 *
 * @throws CompileError what the runtime and the data throw
 */
export async function measureDeployment(
  models: Pair<ModelAndFile>,
  options: MeasureOptions,
): Promise<Omit<Deployment, "conversions">> {
  const { quality, feeds, onIntegers, progress } = options;
  const threads = options.threads ?? availableParallelism();
  progress?.("measuring the latency");
  const timed = await benchmark([runnable("the float model", models.float), runnable("the new model", models.made)], {
    threads,
    seconds: secondsPerModel,
  });
  progress?.("measuring the share of integers");
  const runtime = { ...runtimeConfigOf(models.made), threads };
  const integerMacs = onIntegers ? integerShare(await whatRan(models.made.model, feeds, runtime)) : null;
  const valueOf = async ({
    model,
    path,
  }: ModelAndFile): Promise<{ readonly value: number; readonly samples: number }> =>
    evaluate(path ?? model, shuffled(quality!.data), { metric: quality!.metric, samples: quality!.samples, threads });
  let measured: Deployment["quality"] = null;
  if (quality) {
    progress?.(`measuring ${quality.metric}`);
    const [float, made] = [await valueOf(models.float), await valueOf(models.made)];
    measured = { float: float.value, made: made.value, samples: made.samples, data: quality.source };
  }
  const [float, made] = timed.timings as readonly [Timing, Timing];
  return {
    bytes: { float: bytesOf(models.float), made: bytesOf(models.made) },
    latency: { float: latencyOf(float), made: latencyOf(made), batch: timed.batch, threads },
    integerMacs,
    quality: measured,
    machine: machineText(),
  };
}

function runnable(name: string, { model, path }: ModelAndFile): string | NamedModel {
  return path ?? { name, model };
}

function bytesOf({ model, path }: ModelAndFile): number {
  return path === undefined ? modelBytes(model).length : modelFileBytes(path, loadModel(path));
}

function latencyOf({ medianMs, lowMs, highMs }: Timing): { median: number; low: number; high: number } {
  return { median: medianMs, low: lowMs, high: highMs };
}

/** The same samples that calibration and analysis draw: from all over the data, which is often sorted. */
function shuffled(data: Dataset): Dataset {
  const { size, hasTargets } = data;
  return { size, hasTargets, batches: (options) => data.batches({ ...options, shuffle: 0 }) };
}

function machineText(): string {
  const all = cpus();
  const name = all[0]?.model.trim() ?? "an unknown processor";
  return `${name} (${all.length} ${all.length === 1 ? "core" : "cores"}), ${platform()} ${arch()}`;
}
