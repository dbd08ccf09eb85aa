import type { AnalysisMeasure } from "../analyze/analysis.ts";
import type { AnalysisBatch } from "../analyze/analyze-options.ts";
import { CodeCounter, type CodeStatistics } from "../analyze/code-statistics.ts";
import { ErrorSums } from "../analyze/error-sums.ts";
import { ChannelFactors } from "./channel-factors.ts";
import type { ComparedLayer, ComparedOutput, ComparedWeight, Comparison, UnmatchedLayer } from "./comparison.ts";
import { valueNotFinite } from "./diagnostics.ts";
import type { LayerPair } from "./match-layers.ts";
import type { ModelLayer } from "./model-layers.ts";
import type { TappedRun } from "./tapped-model.ts";

/** Collects what two models give, in constant memory. */
export class ComparedSums {
  samples = 0;
  readonly #pairs: readonly LayerPair[];
  readonly #outputs: readonly { readonly name: string; readonly other: string }[];
  readonly #outputErrors: readonly ErrorSums[];
  readonly #errors: readonly ErrorSums[];
  readonly #factors: readonly ChannelFactors[];
  readonly #counters: readonly (CodeCounter | null)[];
  readonly #differing = new Map<LayerPair, string>();
  readonly #measures: readonly [AnalysisMeasure, AnalysisMeasure] | null;

  constructor(
    pairs: readonly LayerPair[],
    outputs: readonly { readonly name: string; readonly other: string }[],
    measure: (() => AnalysisMeasure) | undefined,
  ) {
    this.#pairs = pairs;
    this.#outputs = outputs;
    this.#outputErrors = outputs.map(() => new ErrorSums());
    this.#errors = pairs.map(() => new ErrorSums());
    this.#factors = pairs.map(() => new ChannelFactors());
    this.#counters = pairs.map(({ model, other }) => {
      const channels = (model.result.shape?.length ?? 0) > 1 ? 1 : null;
      return other.grid && new CodeCounter(other.grid, channels);
    });
    this.#measures = measure ? [measure(), measure()] : null;
  }

  /** @throws CompileError `compare/not-finite` */
  add(model: TappedRun, other: TappedRun, { size, target }: AnalysisBatch): void {
    for (const [index, pair] of this.#pairs.entries()) {
      const [reference, tensor] = [model.layers[index]!, other.layers[index]!];
      if (reference.dims.join() !== tensor.dims.join()) {
        this.#differing.set(pair, `it is ${reference.dims.join("x")} here and ${tensor.dims.join("x")} there`);
        continue;
      }
      this.#errors[index]!.add(reference.floats(), tensor.floats());
      this.#factors[index]!.add(reference, tensor);
      if (this.#counters[index]?.add(reference) === false) throw valueNotFinite(pair.model.result.name);
    }
    for (const [index, port] of this.#outputs.entries()) {
      const [reference, tensor] = [model.outputs[port.name]!, other.outputs[port.other]!];
      this.#outputErrors[index]!.add(reference.floats(), tensor.floats());
    }
    if (this.#measures && target) {
      const [first] = this.#outputs;
      this.#measures[0].add(model.outputs[first!.name]!, target, size);
      this.#measures[1].add(other.outputs[first!.other]!, target, size);
    }
    this.samples += size;
  }

  result(unmatched: readonly UnmatchedLayer[]): Comparison {
    const ratios = new Map<unknown, number>();
    const layers: ComparedLayer[] = [];
    for (const [index, pair] of this.#pairs.entries()) {
      const sums = this.#errors[index]!;
      if (this.#differing.has(pair)) continue;
      const whole = sums.noise / Math.max(sums.signal, 1e-30);
      const scaled = this.#factors[index]!.ratio(whole);
      const ratio = scaled ?? whole;
      ratios.set(pair.model, ratio);
      const before = Math.max(0, ...pair.model.reads.map((source) => ratios.get(source) ?? 0));
      layers.push(this.#layer(pair, sums, this.#counters[index]!, { added: ratio - before, scaled }));
    }
    return {
      samples: this.samples,
      outputs: this.#outputs.map((port, index): ComparedOutput => ({
        ...port,
        error: this.#outputErrors[index]!.result(),
      })),
      metric: this.#measures && { model: this.#measures[0].value(), other: this.#measures[1].value() },
      layers,
      unmatched: [
        ...unmatched,
        ...[...this.#differing].map(([{ model }, reason]): UnmatchedLayer => ({
          in: "model",
          name: model.name,
          op: model.op,
          reason,
        })),
      ],
    };
  }

  #layer(
    { model, other, by }: LayerPair,
    sums: ErrorSums,
    counter: CodeCounter | null,
    { added, scaled }: { readonly added: number; readonly scaled: number | null },
  ): ComparedLayer {
    return {
      name: model.name,
      other: other.name,
      op: model.op,
      matchedBy: by,
      output: model.result.name,
      otherOutput: other.result.name,
      isFloat: model.inFloat,
      otherIsFloat: other.inFloat,
      error: sums.result(),
      added: added > 0 ? -10 * Math.log10(added) : null,
      upToFactors: scaled === null ? null : -10 * Math.log10(Math.max(scaled, 1e-30)),
      // What the codes do to numbers of another size says nothing.
      codes: counter && scaled === null ? counter.result() : null,
      weight: scaled === null ? comparedWeight(model, other) : null,
    };
  }
}

function comparedWeight({ weight }: ModelLayer, { weight: other }: ModelLayer): ComparedWeight | null {
  if (!weight || !other || weight.dims.join() !== other.dims.join() || weight.channelAxis !== other.channelAxis) {
    return null;
  }
  const reference = weight.read();
  const sums = new ErrorSums();
  sums.add(reference.floats(), other.read().floats());
  let codes: CodeStatistics | null = null;
  if (other.grid) {
    const counter = new CodeCounter(other.grid, other.channelAxis);
    if (counter.add(reference)) codes = counter.result();
  }
  return { error: sums.result(), codes };
}
