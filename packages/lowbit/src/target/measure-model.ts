import type { Model } from "@lowbit/ir";
import { ErrorSums } from "@lowbit/quantize";
import { Session } from "@lowbit/runtime";
import { metrics, type Dataset, type MetricName } from "@lowbit/train";
import { filled } from "../calibration-feeds.ts";

/** What a model reaches on samples drawn from all over a data set, always the same. */
export interface Reached {
  readonly metric: number | null;
  /** Of its results against those of another model, in dB; null without one, or where they are equal. */
  readonly sqnr: number | null;
}

/** With what a model is measured. */
export interface MeasureOptions {
  readonly data: Dataset;
  readonly samples: number;
  readonly metric: MetricName | null;
  /** A model whose results the others are compared with. */
  readonly reference: Model | null;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

const samplesPerRun = 64;

/** Runs a model on ONNX Runtime as it is deployed. @throws CompileError `runtime/load`, `runtime/run` */
export async function measureModel(model: Model, options: MeasureOptions): Promise<Reached> {
  const runtime = options.threads === undefined ? {} : { threads: options.threads };
  const session = await Session.create(model, runtime);
  const reference = options.reference && (await Session.create(options.reference, runtime));
  const measure = options.metric && metrics[options.metric]();
  const errors = new ErrorSums();
  try {
    const fixed = session.inputs[0]?.shape[0];
    const size = typeof fixed === "number" ? fixed : samplesPerRun;
    for await (const batch of options.data.batches({ batch: size, samples: options.samples, shuffle: 0 })) {
      if (options.signal?.aborted) break;
      const feeds = typeof fixed === "number" ? filled(batch, fixed) : batch.inputs;
      const results = await session.run(feeds);
      if (measure && batch.target) measure.add(results[session.outputs[0]!.name]!, batch.target, batch.size);
      if (!reference) continue;
      for (const [name, tensor] of Object.entries(await reference.run(feeds)))
        errors.add(tensor.floats(), results[name]!.floats());
    }
  } finally {
    await session.release();
    await reference?.release();
  }
  return { metric: measure ? measure.value() : null, sqnr: errors.result().sqnr };
}
