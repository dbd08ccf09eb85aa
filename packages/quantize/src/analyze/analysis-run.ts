import type { Value } from "@lowbit/ir";
import { OutcomeSum, type BatchOutcome, type BatchOutcomes } from "./ablation-sums.ts";
import type { AnalyzeOptions, AnalysisBatch } from "./analyze-model.ts";
import type { CodeCounter } from "./code-statistics.ts";
import { analysisStopped, valueNotFinite } from "./diagnostics.ts";
import { ErrorSums } from "./error-sums.ts";
import type { QuantizedParts } from "./layers.ts";
import type { CutValues, SegmentedModel, SegmentResult } from "./segmented-model.ts";
import type { SwitchableGraph } from "./switchable-graph.ts";

const nothing: ReadonlySet<number> = new Set();

/** Runs a switchable model over batches and collects what they show. */
export class AnalysisRun {
  readonly isolated: readonly ErrorSums[];
  readonly cumulative: readonly ErrorSums[];
  readonly quantizedAlone: readonly OutcomeSum[];
  readonly leftFloat: readonly OutcomeSum[];
  readonly float = new OutcomeSum();
  readonly quantized = new OutcomeSum();
  readonly output = new ErrorSums();
  samples = 0;
  readonly #model: SegmentedModel;
  readonly #parts: QuantizedParts;
  readonly #options: AnalyzeOptions;
  readonly #counters: readonly CodeCounter[];
  /** Names of the watched values, by segment. */
  readonly #watches: readonly (readonly string[])[];
  /** The segment each layer begins in, its own result's name. */
  readonly #layers: readonly { readonly segment: number; readonly output: string }[];
  readonly #values: readonly string[];
  /** Everything on. */
  readonly #all: ReadonlySet<number>;

  constructor(
    model: SegmentedModel,
    parts: QuantizedParts,
    switchable: SwitchableGraph,
    watched: readonly Value[],
    counters: readonly CodeCounter[],
    options: AnalyzeOptions,
  ) {
    this.#model = model;
    this.#parts = parts;
    this.#options = options;
    this.#counters = counters;
    this.#watches = model.segments.map((segment) => [...segment.watched].map((index) => watched[index]!.name));
    const segmentOf = (value: Value): number =>
      model.segments.findIndex((segment) => segment.watched.has(watched.indexOf(value)));
    this.#values = switchable.values.map(({ name }) => name);
    const rounded = switchable.values.map(segmentOf);
    this.#layers = switchable.layerOutputs.map((output, index) => {
      const own = parts.values.flatMap(({ layers }, at) => (layers.includes(index) ? [rounded[at]!] : []));
      return { segment: Math.min(segmentOf(output), ...own), output: output.name };
    });
    this.#all = new Set(Array.from({ length: parts.layers.length + parts.values.length }, (_, i) => i));
    const each = <T>(make: () => T): readonly T[] => parts.layers.map(make);
    this.isolated = each(() => new ErrorSums());
    this.cumulative = each(() => new ErrorSums());
    this.quantizedAlone = each(() => new OutcomeSum());
    this.leftFloat = each(() => new OutcomeSum());
  }

  /**
   * Takes in a batch.
   *
   * @param known the outcomes of its ablations, from a run before
   * @throws CompileError `analyze/not-finite`, `analyze/stopped`
   */
  async batch(index: number, batch: AnalysisBatch, known: BatchOutcomes | null): Promise<BatchOutcomes> {
    const ablates = (this.#options.ablation ?? true) && known === null;
    const total = this.#parts.layers.length * (ablates ? 2 : 1) + 3;
    let done = 0;
    const step = (): void => {
      this.#options.progress?.({ batch: index, done: ++done, total });
      if (this.#options.signal?.aborted) throw analysisStopped(index, this.#options.state ?? null);
    };
    const wanted = await this.#model.runFrom(0, batch.inputs, nothing);
    step();
    const signal = Object.values(wanted).reduce((sum, tensor) => sum + square(tensor.floats()), 0);
    const outcome = (results: CutValues): BatchOutcome => this.#outcome(wanted, results, batch);
    const none: BatchOutcome = [0, null];
    const alone: BatchOutcome[] = this.#parts.layers.map(() => none);
    const left: BatchOutcome[] = this.#parts.layers.map(() => none);
    let [floatCut, codesCut]: [CutValues, CutValues] = [batch.inputs, batch.inputs];
    for (const [at] of this.#model.segments.entries()) {
      const watches = this.#watches[at]!;
      const floats = await this.#model.run(at, floatCut, nothing, watches);
      const codes = await this.#model.run(at, codesCut, this.#all, watches);
      this.#look(index, floats.fetched, codes.fetched);
      for (const [layer, place] of this.#layers.entries()) {
        if (place.segment !== at) continue;
        const only = this.#switches((each) => each === layer);
        const error = this.isolated[layer]!;
        const isolated = await this.#runWatching(at, floatCut, floats, only, place.output, ablates, error);
        step();
        if (!ablates || isolated === null) continue;
        alone[layer] = outcome(isolated);
        const others = this.#switches((each) => each !== layer);
        left[layer] = outcome(await this.#model.runFrom(at, codesCut, others));
        step();
      }
      [floatCut, codesCut] = [floats.after, codes.after];
    }
    step();
    for (const [name, tensor] of Object.entries(wanted)) this.output.add(tensor.floats(), codesCut[name]!.floats());
    const outcomes = known ?? { signal, samples: batch.size, quantizedAlone: alone, leftFloat: left };
    this.float.add(outcome(wanted), outcomes);
    this.quantized.add(outcome(codesCut), outcomes);
    outcomes.quantizedAlone.forEach((each, layer) => this.quantizedAlone[layer]!.add(each, outcomes));
    outcomes.leftFloat.forEach((each, layer) => this.leftFloat[layer]!.add(each, outcomes));
    this.samples += batch.size;
    step();
    return outcomes;
  }

  /**
   * Runs from a cut on, at least until a watched value is known, which is compared with that of the float run.
   *
   * @param known the float run of the first segment
   */
  async #runWatching(
    from: number,
    before: CutValues,
    known: SegmentResult,
    on: ReadonlySet<number>,
    watch: string,
    toTheEnd: boolean,
    error: ErrorSums,
  ): Promise<CutValues | null> {
    let values = before;
    let reference = before;
    let isSeen = false;
    for (let at = from; at < this.#model.segments.length; at++) {
      const fetches = this.#watches[at]!.includes(watch) ? [watch] : [];
      const { after, fetched } = await this.#model.run(at, values, on, fetches);
      if (!isSeen) {
        // The float run has not been behind this segment yet, where the result of a layer lies behind a cut.
        const float = at === from ? known : await this.#model.run(at, reference, nothing, fetches);
        reference = float.after;
        for (const name of fetches) error.add(float.fetched[name]!.floats(), fetched[name]!.floats());
        isSeen = fetches.length > 0;
      }
      if (isSeen && !toTheEnd) return null;
      values = after;
    }
    return values;
  }

  #look(batch: number, floats: CutValues, codes: CutValues): void {
    for (const [index, name] of this.#values.entries()) {
      const tensor = floats[name];
      if (tensor && !this.#counters[index]!.add(tensor)) throw valueNotFinite(this.#parts.values[index]!.name, batch);
    }
    for (const [index, { output }] of this.#layers.entries()) {
      const [reference, tensor] = [floats[output], codes[output]];
      if (reference && tensor) this.cumulative[index]!.add(reference.floats(), tensor.floats());
    }
  }

  /** The switches of layers that are quantized, and of the values that are codes then. */
  #switches(isQuantized: (layer: number) => boolean): ReadonlySet<number> {
    const { layers, values } = this.#parts;
    const on = new Set<number>();
    for (const index of layers.keys()) if (isQuantized(index)) on.add(index);
    for (const [index, value] of values.entries()) {
      if (value.layers.some(isQuantized)) on.add(layers.length + index);
    }
    return on;
  }

  #outcome(wanted: CutValues, results: CutValues, { target, size }: AnalysisBatch): BatchOutcome {
    let noise = 0;
    for (const [name, tensor] of Object.entries(wanted)) noise += distance(tensor.floats(), results[name]!.floats());
    const { measure } = this.#options;
    if (!measure || !target) return [noise, null];
    const own = measure();
    own.add(Object.values(results)[0]!, target, size);
    return [noise, own.value() * size];
  }
}

function square(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}
