import { cloneModel, inferShapes, isFloat, type Model, type Tensor, type Value } from "@lowbit/ir";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import type { Feeds } from "@lowbit/runtime";
import type { AnalysisMeasure } from "../analyze/analysis.ts";
import type { AnalysisBatch } from "../analyze/analyze-options.ts";
import type { Comparison } from "./comparison.ts";
import { ComparedSums } from "./compared-sums.ts";
import { comparisonStopped, noComparisonData, outputsDiffer } from "./diagnostics.ts";
import { matchedInputs, matchedOutputs } from "./match-ports.ts";
import { matchLayers, type MatchedLayers } from "./match-layers.ts";
import { layersOf } from "./model-layers.ts";
import { tapBytes, TappedModel } from "./tapped-model.ts";

/** How models are compared. */
export interface CompareModelsOptions {
  /** Batches for both models, by the names of the first one's inputs; `batch` is how many samples to take at once. */
  readonly data: (batch: number) => AsyncIterable<AnalysisBatch> | Iterable<AnalysisBatch>;
  /** Samples per run, where the models leave it open. Default: 32, or fewer where layers are large. */
  readonly batch?: number;
  /** Makes what measures all batches against their targets. */
  readonly measure?: () => AnalysisMeasure;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly progress?: (samples: number) => void;
}

/** Bytes of layer results of both models that may be held at once. */
const roomForTaps = 2 ** 28;

const mostSamples = 32;

/**
 * Compares two models that should compute the same: their results, and layer by layer. Both run as they are, except that
 * a float model beside a quantized one is optimized first, as it was before it was quantized. Memory does not grow with
 * the samples.
 *
 * @throws CompileError `compare/inputs`, `compare/outputs`, `compare/no-data`, `compare/stopped`, and what the runtime throws
 */
export async function compareModels(
  given: Model,
  givenOther: Model,
  options: CompareModelsOptions,
): Promise<Comparison> {
  const [model, other] = comparable(given, givenOther);
  const inputs = matchedInputs(model.graph, other.graph);
  const outputs = matchedOutputs(model.graph, other.graph);
  const found = matchLayers(layersOf(model.graph), layersOf(other.graph), inputs);
  const { pairs, unmatched } = worthComparing(found);
  const runtime = options.threads === undefined ? {} : { threads: options.threads };
  const sides = [pairs.map((pair) => pair.model), pairs.map((pair) => pair.other)] as const;
  const perSample = tapBytes(sides[0]) + tapBytes(sides[1]);
  const free = options.batch ?? Math.max(1, Math.min(mostSamples, Math.floor(roomForTaps / Math.max(perSample, 1))));
  const size = fixedBatch(inputs) ?? free;
  const sums = new ComparedSums(pairs, outputs, options.measure);
  const first = await TappedModel.create(model, sides[0], runtime);
  try {
    const second = await TappedModel.create(other, sides[1], runtime);
    try {
      for await (const batch of options.data(size)) {
        const [a, b] = [await first.run(batch.inputs), await second.run(renamed(batch.inputs, inputs))];
        for (const { name, other: otherName } of outputs) {
          const [reference, tensor] = [a.outputs[name]!, b.outputs[otherName]!];
          if (reference.size !== tensor.size) throw outputsDiffer(name, reference.dims, tensor.dims);
        }
        sums.add(a, b, batch);
        options.progress?.(sums.samples);
        if (options.signal?.aborted) throw comparisonStopped(sums.samples);
      }
    } finally {
      await second.release();
    }
  } finally {
    await first.release();
  }
  if (sums.samples === 0) throw noComparisonData();
  return sums.result(unmatched);
}

/** Copies with types, a float model next to a quantized one optimized. */
function comparable(model: Model, other: Model): readonly [Model, Model] {
  const copies = [cloneModel(model), cloneModel(other)] as const;
  const areQuantized = copies.map(isQuantized);
  for (const [index, copy] of copies.entries()) {
    if (!areQuantized[index] && areQuantized[1 - index]) runPasses(copy, defaultPipeline);
    inferShapes(copy);
  }
  return copies;
}

/** Whether a model holds codes of any kind. */
function isQuantized({ graph }: Model): boolean {
  return [...graph.nodes].some(({ op }) =>
    /^(Dynamic)?(Quantize|Dequantize)Linear$|^QLinear|^QGemm$|Integer|NBits$/.test(op),
  );
}

/** A quantized input is a layer only of a model that quantizes it. */
function worthComparing({ pairs, unmatched }: MatchedLayers): MatchedLayers {
  const isWorth = ({ result }: { readonly result: Value }): boolean => result.dtype === null || !isFloat(result.dtype);
  const kept = pairs.filter(({ model, other }) => model.op !== "input" || isWorth(model) || isWorth(other));
  return { pairs: kept, unmatched };
}

function fixedBatch(inputs: ReadonlyMap<Value, Value>): number | null {
  for (const each of [...inputs].flat()) {
    const size = each.shape?.[0];
    if (typeof size === "number") return size;
  }
  return null;
}

function renamed(feeds: Feeds, inputs: ReadonlyMap<Value, Value>): Feeds {
  const names = new Map([...inputs].map(([a, b]) => [a.name, b.name]));
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]): [string, Tensor] => [names.get(name) ?? name, tensor]),
  );
}
