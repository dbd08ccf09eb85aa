import { Tensor, type Model } from "@lowbit/ir";
import { Session, type SessionOptions } from "@lowbit/runtime";
import type { Dataset } from "../data/dataset.ts";
import { missingTargets } from "../diagnostics.ts";
import { lossOf } from "./loss.ts";
import { metrics, type MetricName } from "./metric.ts";

/** How good a model is on a data set. */
export interface Evaluation {
  readonly samples: number;
  readonly metric: MetricName;
  /** Shares are 0 to 1. */
  readonly value: number;
  /** Mean cross-entropy of shares of hits, of scores or of probabilities; otherwise the metric itself. */
  readonly loss: number;
}

/** Settings of `evaluate`. */
export interface EvaluateOptions extends SessionOptions {
  readonly metric?: MetricName;
  /** Samples per run, where the model leaves it free. Default 100. */
  readonly batch?: number;
  readonly samples?: number;
}

/**
 * Runs a model over a data set on ONNX Runtime and measures its first output against the targets.
 *
 * @throws CompileError `data/no-targets` for unlabelled data, `runtime/load`, `runtime/feed`
 */
export async function evaluate(
  model: Model | Uint8Array | string,
  data: Dataset,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { metric = "accuracy", batch = 100, samples, ...runtime } = options;
  if (!data.hasTargets) throw missingTargets();
  const session = await Session.create(model, runtime);
  try {
    const fixed = session.inputs[0]?.shape[0];
    const size = typeof fixed === "number" ? fixed : batch;
    const measure = metrics[metric]();
    const lossMeasure = lossOf[metric]();
    let seen = 0;
    for await (const { inputs, target, size: taken } of data.batches({
      batch: size,
      ...(samples ? { samples } : {}),
    })) {
      const feeds = typeof fixed === "number" && taken < fixed ? padded(inputs, fixed) : inputs;
      const name = session.outputs[0]!.name;
      const output = (await session.run(feeds, [name]))[name]!;
      measure.add(output, target!, taken);
      lossMeasure.add(output, target!, taken);
      seen += taken;
    }
    return { samples: seen, metric, value: measure.value(), loss: lossMeasure.value() };
  } finally {
    await session.release();
  }
}

/** Tensors filled up with zero samples to the batch a model insists on. */
function padded(inputs: Readonly<Record<string, Tensor>>, batch: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => {
      const bytes = new Uint8Array((tensor.source.byteLength / tensor.dims[0]!) * batch);
      bytes.set(tensor.bytes());
      return [name, Tensor.fromBytes(tensor.dtype, [batch, ...tensor.dims.slice(1)], bytes)];
    }),
  );
}
