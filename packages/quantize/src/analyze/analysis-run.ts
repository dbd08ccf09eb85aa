import type { Tensor, Value } from "@lowbit/ir";
import { freeTensors } from "@lowbit/runtime";
import type { BatchOutcome, BatchOutcomes } from "./ablation-sums.ts";
import { AnalysisFindings, type Analyzed } from "./analysis-findings.ts";
import type { AnalyzeOptions, AnalysisBatch } from "./analyze-options.ts";
import { valueNotFinite } from "./diagnostics.ts";
import { inLanes } from "./lanes.ts";
import type { QuantizedParts } from "./layers.ts";
import type { Cut, SegmentedModel, Tensors } from "./segmented-model.ts";
import { squaredDistance, squaredSum } from "./squared-sums.ts";

const nothing: ReadonlySet<number> = new Set();

/** What is told while a batch is taken in. */
export interface BatchWatcher {
  /** A run of the model was done, of so many that the batch needs. */
  readonly step: (done: number, total: number) => void;
  /** Whether to leave off. */
  readonly isStopped: () => boolean;
}

/** What a batch showed. */
export interface BatchResult {
  readonly findings: AnalysisFindings;
  readonly outcomes: BatchOutcomes;
}

/** Runs that a thread is given at a time, so that it need not wait until JavaScript has looked at the last one. */
const runsAtOnce = 3;

/** What a run for one layer gave. */
interface LayerRun {
  readonly layer: number;
  /** The results of the graph; none where it did not run to the end. */
  readonly results: Tensors;
  /** The result of the layer where only it is quantized, and that of the float run; null where it alone is float. */
  readonly watched: { readonly result: Tensor; readonly reference: Tensor } | null;
}

/** What of a switchable graph an ablation of a layer changes. */
export interface AblatedLayer {
  /** The result of the layer. */
  readonly output: Value;
  /** The values that are rounded where it is quantized. */
  readonly rounded: readonly Value[];
}

/** Where a layer is in a segmented model. */
interface LayerPlace {
  /** The segments that differ where this layer is quantized and another is not: the first and the last. */
  readonly first: number;
  readonly last: number;
  /** The segment that gives its result, and the result's name. */
  readonly segment: number;
  readonly output: string;
}

/** Runs a switchable model over batches to see what they show. */
export class AnalysisRun {
  readonly #model: SegmentedModel;
  readonly #parts: QuantizedParts;
  readonly #analyzed: Analyzed;
  readonly #options: AnalyzeOptions;
  /** Names of the watched values, by segment. */
  readonly #watches: readonly (readonly string[])[];
  readonly #layers: readonly LayerPlace[];
  readonly #values: readonly string[];
  /** Everything on. */
  readonly #all: ReadonlySet<number>;

  constructor(
    model: SegmentedModel,
    parts: QuantizedParts,
    analyzed: Analyzed,
    ablated: readonly AblatedLayer[],
    values: readonly Value[],
    watched: readonly Value[],
    options: AnalyzeOptions,
  ) {
    this.#model = model;
    this.#parts = parts;
    this.#analyzed = analyzed;
    this.#options = options;
    this.#watches = model.segments.map((segment) => [...segment.watched].map((index) => watched[index]!.name));
    const segmentOf = (value: Value): number =>
      model.segments.findIndex((segment) => segment.watched.has(watched.indexOf(value)));
    this.#values = values.map(({ name }) => name);
    this.#layers = ablated.map(({ output, rounded }) => {
      const segment = segmentOf(output);
      const touched = [segment, ...rounded.map(segmentOf)];
      return { first: Math.min(...touched), last: Math.max(...touched), segment, output: output.name };
    });
    this.#all = new Set(Array.from({ length: parts.layers.length + parts.values.length }, (_, i) => i));
  }

  /**
   * Looks at a batch; null when it was stopped.
   *
   * @param known the outcomes of its ablations, from a run before
   * @throws CompileError `analyze/not-finite`
   */
  async batch(
    index: number,
    batch: AnalysisBatch,
    known: BatchOutcomes | null,
    watcher: BatchWatcher,
  ): Promise<BatchResult | null> {
    const ablates = (this.#options.ablation ?? true) && known === null;
    const total = this.#parts.layers.length * (ablates ? 2 : 1) + 2;
    let done = 0;
    const step = (): boolean => {
      watcher.step(++done, total);
      return watcher.isStopped();
    };
    const findings = new AnalysisFindings(this.#analyzed);
    const outputs = this.#model.segments.at(-1)!.outputs;
    let floatCut = await this.#model.begin(batch.inputs);
    let codesCut = floatCut;
    const wanted = await this.#model.runToEnd(0, -1, floatCut, nothing, "float");
    if (step()) return null;
    const signal = Object.values(wanted).reduce((sum, tensor) => sum + squaredSum(tensor.floats()), 0);
    const outcome = (results: Tensors): BatchOutcome => this.#outcome(wanted, results, batch);
    const none: BatchOutcome = [0, null];
    const alone: BatchOutcome[] = this.#parts.layers.map(() => none);
    const left: BatchOutcome[] = this.#parts.layers.map(() => none);
    let results: Tensors = {};
    for (const [at] of this.#model.segments.entries()) {
      const isLast = at === this.#model.segments.length - 1;
      const watches = this.#watches[at]!;
      const floats = await this.#model.advance(at, floatCut, nothing, watches);
      const codes = await this.#model.advance(at, codesCut, this.#all, isLast ? [...watches, ...outputs] : watches);
      if (isLast) results = Object.fromEntries(outputs.map((name) => [name, codes.fetched[name]!]));
      const runs = this.#layers.flatMap(({ first }, layer): (() => Promise<LayerRun>)[] => {
        if (first !== at) return [];
        const quantizedAlone = (): Promise<LayerRun> => this.#quantizedAlone(layer, floatCut, floats.fetched, ablates);
        const leftFloat = (): Promise<LayerRun> => this.#leftFloat(layer, codesCut);
        return ablates ? [quantizedAlone, leftFloat] : [quantizedAlone];
      });
      // JavaScript looks at results while the next runs are under way: first at the values, then at one run after the other.
      for await (const ran of inLanes([null, ...runs], runsAtOnce, async (run) => run && run(), noMatter)) {
        if (!ran) {
          this.#look(index, findings, floats.fetched, codes.fetched);
          continue;
        }
        const { layer, watched } = ran;
        if (ablates) (watched ? alone : left)[layer] = outcome(ran.results);
        if (watched) findings.isolated[layer]!.add(watched.reference.floats(), watched.result.floats());
        if (watched) freeTensors([watched.result]);
        if (step()) return null;
      }
      freeTensors([...Object.values(floats.fetched), ...Object.values(isLast ? {} : codes.fetched)]);
      await this.#model.drop(floatCut);
      if (codesCut !== floatCut) await this.#model.drop(codesCut);
      [floatCut, codesCut] = [floats.after, codes.after];
    }
    await this.#model.drop(floatCut);
    await this.#model.drop(codesCut);
    for (const [name, tensor] of Object.entries(wanted)) findings.output.add(tensor.floats(), results[name]!.floats());
    const outcomes = known ?? { signal, samples: batch.size, quantizedAlone: alone, leftFloat: left };
    findings.float.add(outcome(wanted), outcomes);
    findings.quantized.add(outcome(results), outcomes);
    outcomes.quantizedAlone.forEach((each, layer) => findings.quantizedAlone[layer]!.add(each, outcomes));
    outcomes.leftFloat.forEach((each, layer) => findings.leftFloat[layer]!.add(each, outcomes));
    findings.samples += batch.size;
    step();
    return { findings, outcomes };
  }

  /**
   * Runs with one layer quantized, at least until its result is known.
   *
   * @param floats what was fetched from the float run of the segment that the layer begins in
   */
  async #quantizedAlone(layer: number, before: Cut, floats: Tensors, toTheEnd: boolean): Promise<LayerRun> {
    const { first, last, segment, output } = this.#layers[layer]!;
    const on = this.#switches((each) => each === layer);
    const given = toTheEnd
      ? await this.#model.runToEnd(first, last, before, on, "float", [output])
      : await this.#model.run(first, segment, before, on, [output]);
    // The float run has not been behind this segment yet, where the result of a layer lies behind a cut.
    const float = segment === first ? floats : await this.#model.run(first, segment, before, nothing, [output]);
    return { layer, results: given, watched: { result: given[output]!, reference: float[output]! } };
  }

  /** Runs with all layers but one quantized. */
  async #leftFloat(layer: number, before: Cut): Promise<LayerRun> {
    const { first, last } = this.#layers[layer]!;
    const on = this.#switches((each) => each !== layer);
    return { layer, results: await this.#model.runToEnd(first, last, before, on, "quantized"), watched: null };
  }

  #look(batch: number, { codes: counters, cumulative }: AnalysisFindings, floats: Tensors, codes: Tensors): void {
    for (const [index, name] of this.#values.entries()) {
      const tensor = floats[name];
      if (tensor && !counters[index]!.add(tensor)) throw valueNotFinite(this.#parts.values[index]!.name, batch);
    }
    for (const [index, { output }] of this.#layers.entries()) {
      const [reference, tensor] = [floats[output], codes[output]];
      if (reference && tensor) cumulative[index]!.add(reference.floats(), tensor.floats());
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

  #outcome(wanted: Tensors, results: Tensors, { target, size }: AnalysisBatch): BatchOutcome {
    let noise = 0;
    for (const [name, tensor] of Object.entries(wanted))
      noise += squaredDistance(tensor.floats(), results[name]!.floats());
    const { measure } = this.#options;
    if (!measure || !target) return [noise, null];
    const own = measure();
    own.add(Object.values(results)[0]!, target, size);
    return [noise, own.value() * size];
  }
}

/** Runs that were begun when a batch is left are no matter. */
function noMatter(): void {}
