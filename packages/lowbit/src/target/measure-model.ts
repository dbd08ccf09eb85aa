import { Tensor, type Model } from "@lowbit/ir";
import { ErrorSums } from "@lowbit/quantize";
import { Session } from "@lowbit/runtime";
import { metrics, type Dataset, type MetricName } from "@lowbit/train";
import { filled } from "../calibration-feeds.ts";
import { answersOf, expectedLoss, standardError, type Answer } from "./answers.ts";

/** What a model reaches on samples drawn from all over a data set, always the same. */
export interface Reached {
  readonly metric: number | null;
  /** Of its results against those of another model, in dB; null without one, or where they are equal. */
  readonly sqnr: number | null;
  /** Standard error of what the metric differs by from that of another model, over the samples; null without one. */
  readonly error: number | null;
  /** What the accuracy can be expected to lose against another model, by its probabilities; null where nothing tells. */
  readonly expected: number | null;
  /** Standard error of that over the samples. */
  readonly expectedError: number | null;
}

/** The same, and what it is of each sample. */
export interface ReachedSamples extends Reached {
  readonly each: readonly number[];
  /** Empty where results are no scores of classes. */
  readonly answers: readonly Answer[];
}

/** With what a model is measured. */
export interface MeasureOptions {
  readonly data: Dataset;
  readonly samples: number;
  readonly metric: MetricName | null;
  /** A model whose results the others are compared with. */
  readonly reference: Model | null;
  /** What another model reaches on the same samples. */
  readonly against?: ReachedSamples;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

const samplesPerRun = 64;

/** Runs a model on ONNX Runtime as it is deployed. @throws CompileError `runtime/load`, `runtime/run` */
export async function measureModel(model: Model, options: MeasureOptions): Promise<ReachedSamples> {
  const runtime = options.threads === undefined ? {} : { threads: options.threads };
  const session = await Session.create(model, runtime);
  const reference = options.reference && (await Session.create(options.reference, runtime));
  const measure = options.metric && metrics[options.metric]();
  const errors = new ErrorSums();
  const each: number[] = [];
  const answers: Answer[] = [];
  try {
    const fixed = session.inputs[0]?.shape[0];
    const size = typeof fixed === "number" ? fixed : samplesPerRun;
    for await (const batch of options.data.batches({ batch: size, samples: options.samples, shuffle: 0 })) {
      if (options.signal?.aborted) break;
      const feeds = typeof fixed === "number" ? filled(batch, fixed) : batch.inputs;
      const results = await session.run(feeds);
      if (measure && batch.target) {
        const output = results[session.outputs[0]!.name]!;
        measure.add(output, batch.target, batch.size);
        if (options.metric === "accuracy") answers.push(...(answersOf(output, batch.size) ?? []));
        for (let row = 0; row < batch.size; row++) {
          const own = metrics[options.metric!]();
          own.add(rowOf(output, row), rowOf(batch.target, row), 1);
          each.push(own.value());
        }
      }
      if (!reference) continue;
      for (const [name, tensor] of Object.entries(await reference.run(feeds)))
        errors.add(tensor.floats(), results[name]!.floats());
    }
  } finally {
    await session.release();
    await reference?.release();
  }
  const { against } = options;
  const lost = against && answers.length > 0 ? expectedLoss(against.answers, answers) : null;
  return {
    metric: measure ? measure.value() : null,
    sqnr: errors.result().sqnr,
    error: against ? standardError(each.map((value, i) => value - against.each[i]!)) : null,
    expected: lost && lost.mean,
    expectedError: lost && lost.error,
    each,
    answers,
  };
}

function rowOf(tensor: Tensor, row: number): Tensor {
  const bytes = tensor.bytes();
  const size = bytes.length / tensor.dims[0]!;
  return Tensor.fromBytes(tensor.dtype, [1, ...tensor.dims.slice(1)], bytes.slice(row * size, (row + 1) * size));
}
