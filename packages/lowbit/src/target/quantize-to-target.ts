import type { Backend } from "@lowbit/backend-kit";
import { cloneModel, type Diagnostic, type Model, type Shape } from "@lowbit/ir";
import {
  allOnIntegers,
  choicesIn,
  confirmPlan,
  correctionsBeside,
  cutRanges,
  dropOf,
  floatPipeline,
  meetsTarget,
  noiseIn,
  pointsOf,
  quantizeModel,
  searchPlan,
  type Analysis,
  type FeedSource,
  type LayerChoice,
  type LayerChoices,
  type MetricOutcome,
  type PlanJson,
  type QuantizedModel,
  type QuantizeOptions,
  type RangeCut,
  type SearchedLayer,
  type SearchTarget,
  type TargetSearch,
} from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import type { Dataset, MetricName } from "@lowbit/train";
import { analyzeQuantization } from "../analysis/analyze-quantization.ts";
import { sampleShapes } from "../sample-feeds.ts";
import type { WeightScheme } from "../weight-scheme.ts";
import { CandidatePlans, type PlanSetting } from "./candidate-plans.ts";
import { choicesOf, costText } from "./choices.ts";
import { dropWithoutTargets, floatIsCheaper, searchStopped, targetNotMet } from "./diagnostics.ts";
import { measureModel, type ReachedSamples } from "./measure-model.ts";
import { SearchState, digestOf } from "./search-state.ts";
import { outcomeText, targetText } from "./target-text.ts";

/** What a model is quantized to, and how. */
export interface TargetOptions extends Omit<QuantizeOptions, "backend" | "data" | "mode" | "weights" | "plan"> {
  readonly backend: Backend;
  /** Representative inputs, readable again and again. */
  readonly data: FeedSource;
  readonly target:
    /** Points of a metric that may be lost. Default metric: `accuracy`. */
    | { readonly drop: number; readonly metric?: MetricName }
    /** SQNR of the results, in dB. */
    | { readonly sqnr: number };
  /** What plans are measured on: other data than that of the ranges. */
  readonly validate: Dataset;
  /** Samples of it that plans are tried with; the chosen one is confirmed with all. Default: 1024. */
  readonly searchSamples?: number;
  /** Samples that tell how much noise each range and each layer makes. Default: 128. */
  readonly analysisSamples?: number;
  /**
   * `latency` (default where the backend knows the costs of kernels) makes a run short; `integers` leaves few products
   * in float.
   */
  readonly objective?: "latency" | "integers";
  readonly weights?: WeightScheme;
  readonly plan?: PlanJson;
  /** A file that keeps what an interrupted search found, from which the same one goes on. */
  readonly state?: string;
  readonly signal?: AbortSignal;
  /** Called before each step of the search. */
  readonly onProgress?: (step: TargetStep) => void;
}

/** How far a search is. */
export type TargetStep =
  | { readonly kind: "ranges"; readonly share: number }
  | { readonly kind: "analysis"; readonly share: number }
  /** `left`: plans that may still be tried at most; null while that is not known. */
  | { readonly kind: "plans"; readonly tried: number; readonly left: number | null };

/** A model within a target, and how it was found. */
export interface QuantizedToTarget {
  readonly quantized: QuantizedModel;
  readonly search: TargetSearch;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Quantizes a model so that it stays within a target: finds which layers must stay float, so that the rest costs as little
 * as possible. Where not all layers can be on integers as planned, ranges of activations are cut first that are worth it.
 * Layers go on integers in the order of the noise they make for what they save; each plan that is tried is quantized,
 * deployed and run in earnest. Same inputs, same plan.
 *
 * @throws CompileError `target/not-met` when no plan with integers is within the target, `data/no-targets`, `target/state`,
 *   `target/stopped`, and what `quantizeModel` and the analysis throw
 */
export async function quantizeToTarget(model: Model, options: TargetOptions): Promise<QuantizedToTarget> {
  return new TargetRun(model, options, await sampleShapes(model.graph, options.validate)).run();
}

/** All layers on integers with some ranges and corrections: where a search may begin. */
interface Start {
  readonly what: string;
  readonly setting: PlanSetting;
  readonly quantized: QuantizedModel;
  readonly outcome: MetricOutcome;
}

class TargetRun {
  readonly #model: Model;
  readonly #options: TargetOptions;
  readonly #target: SearchTarget;
  readonly #metric: MetricName | null;
  #plans: CandidatePlans;
  readonly #objective: "latency" | "integers";
  /** The float model as it is compared with: without improvements, which may round weights. */
  readonly #optimized: Model;
  readonly #searchSamples: number;
  readonly #floats = new Map<number, ReachedSamples>();
  #tried = 0;

  constructor(model: Model, options: TargetOptions, inputShapes: Readonly<Record<string, Shape>>) {
    const { target, backend, validate, searchSamples = 1024 } = options;
    this.#model = model;
    this.#searchSamples = searchSamples;
    this.#options = options;
    this.#metric = "drop" in target ? (target.metric ?? "accuracy") : null;
    if (this.#metric && !validate.hasTargets) throw dropWithoutTargets();
    this.#target =
      "drop" in target
        ? { kind: "drop", metric: this.#metric!, most: target.drop }
        : { kind: "sqnr", least: target.sqnr };
    this.#objective = backend.latency ? (options.objective ?? "latency") : "integers";
    this.#optimized = cloneModel(model);
    runPasses(this.#optimized, floatPipeline(backend));
    const { keepFloat = [], weights = {}, plan } = options;
    const wishes = { backend, keepFloat, weights, inputShapes, ...(plan ? { plan } : {}) };
    this.#plans = new CandidatePlans(this.#optimized.graph, wishes);
  }

  async run(): Promise<QuantizedToTarget> {
    const { validate, state: path, onProgress } = this.#options;
    const all = validate.size ?? Infinity;
    const few = Math.min(this.#searchSamples, all);
    const state = SearchState.open(path ?? null, await this.#digest(this.#searchSamples));
    const starts = await this.#starts(few, state);
    const { what, setting, quantized: start } = starts.at(-1)!;
    this.#plans = this.#plans.in(setting);
    const analysis = await this.#analysis(start);
    const macs = new Map(analysis.layers.map(({ name, macs: own }) => [name, own]));
    const products = (names: ReadonlySet<string>): number => [...names].reduce((sum, name) => sum + macs.get(name)!, 0);
    const costOf = (choices: LayerChoices): number =>
      this.#objective === "latency"
        ? this.#plans.latency(this.#plans.plan(choices))
        : products(choices.float) + products(choices.weightOnly) + products(choices.wide) / 2;
    const layers = this.#ordered(analysis, costOf);
    const order = layers.map(({ name }) => name);
    const measure = this.#measureOn(few, start, state);
    const onTry = (left: number): void => onProgress?.({ kind: "plans", tried: this.#tried, left });
    const inFull = { float: [], wide: [], weightOnly: [], cost: costOf(allOnIntegers), samples: few, meets: false };
    const before = starts.slice(0, -1).map((each) => ({ ...inFull, what: each.what, outcome: each.outcome }));
    const wide = this.#among(order, this.#plans.wide());
    const weightOnly = this.#among(order, this.#plans.weightOnly());
    const problem = {
      target: this.#target,
      order,
      samples: few,
      start: what,
      before,
      wide,
      weightOnly,
      costOf,
      measure,
      onTry,
    };
    const found = await searchPlan(problem);
    const confirmed = await confirmPlan(problem, found, all, this.#measureOn(all, start, state));
    if (confirmed === null) {
      const best = found.tried[found.closest]!;
      throw targetNotMet(targetText(this.#target), outcomeText(this.#target, best.outcome), found.tried.length);
    }
    const { tried, chosen, reached } = confirmed;
    const choices = choicesIn(tried[chosen]!);
    const quantized = await this.#quantize(choices);
    const costs = {
      float: costOf({ ...allOnIntegers, float: new Set(order) }),
      planned: costOf(allOnIntegers),
      chosen: costOf(choices),
    };
    const holds = few < all ? `; ${targetText(this.#target)} holds on all ${all} samples` : "";
    const search: TargetSearch = {
      target: this.#target,
      samples: { search: few, all },
      float: await this.#floatMetrics(few, all),
      cost: costText(this.#objective),
      costs,
      choices: choicesOf(this.#options.backend, this.#plans, choices, layers, this.#objective),
      layers: layers.map((layer) => ({ ...layer, choice: choiceOf(layer.name, choices) })),
      ranges: setting.cuts,
      corrections: setting.improve.filter((name) => !this.#options.improve?.includes(name)),
      tried,
      chosen,
      reached,
      stopped: found.stopped + holds,
    };
    const isSlower = this.#objective === "latency" && costs.chosen >= costs.float;
    return { quantized, search, diagnostics: isSlower ? [floatIsCheaper(costs.chosen, costs.float)] : [] };
  }

  /**
   * All layers on integers: as planned, and until that is within the target with ranges cut, and with one correction after
   * the other. Where none is enough, the one with the least noise comes last.
   */
  async #starts(samples: number, state: SearchState): Promise<readonly Start[]> {
    const tried: Start[] = [];
    const meets = async (what: string, setting: PlanSetting): Promise<boolean> => {
      this.#options.onProgress?.({ kind: "plans", tried: this.#tried, left: null });
      this.#plans = this.#plans.in(setting);
      const quantized = await this.#quantize(allOnIntegers);
      const outcome = await this.#measureOn(samples, quantized, state)(allOnIntegers);
      tried.push({ what, setting, quantized, outcome });
      return meetsTarget(this.#target, outcome);
    };
    if (await meets("all layers as planned", { cuts: [], improve: [] })) return tried;
    const cuts = await state.ranges(() => this.#cut(tried[0]!.quantized));
    if (cuts.length > 0 && (await meets("all layers, with ranges cut", { cuts, improve: [] }))) return tried;
    for (const improve of correctionsBeside(this.#optimized.graph, this.#options.improve ?? [])) {
      const beside = [...(cuts.length > 0 ? ["ranges cut"] : []), ...improve];
      if (await meets(`all layers, with ${beside.join(" and ")}`, { cuts, improve })) return tried;
    }
    // Ranges are cut because that is better, so what was planned is not asked again.
    const candidates = cuts.length > 0 ? tried.slice(1) : tried;
    const noise = ({ outcome }: Start): number => noiseIn(outcome);
    const best = candidates.reduce((a, b) => (noise(b) < noise(a) ? b : a));
    return [...tried.filter((each) => each !== best), best];
  }

  /** What measures plans on some samples. @param start the model of the plan with all layers on integers */
  #measureOn(
    samples: number,
    start: QuantizedModel,
    state: SearchState,
  ): (choices: LayerChoices) => Promise<MetricOutcome> {
    // Confirming needs no other comparison than the metric's.
    const few = samples <= this.#searchSamples;
    const reference = this.#metric === null || few ? this.#optimized : null;
    return async (choices) => {
      const floats = this.#metric === null ? null : await this.#floatReaches(samples);
      const reached = await state.reached(this.#plans.json(choices), samples, async () => {
        const { model } = choices === allOnIntegers ? start : await this.#quantize(choices);
        const { each: _, answers: _answers, ...whole } = await this.#measure(model, samples, reference, floats);
        // What was stopped on the way is no measurement.
        this.#stopIfAsked();
        this.#tried++;
        return whole;
      });
      const { metric, error, expected, expectedError, sqnr } = reached;
      if (this.#metric === null) {
        return { metric: null, drop: null, error: null, expected: null, expectedError: null, sqnr };
      }
      return {
        metric,
        drop: dropOf(this.#metric, floats!.metric!, metric!),
        error: pointsOf(this.#metric, error!),
        expected: expected === null ? null : pointsOf(this.#metric, expected),
        expectedError: expectedError === null ? null : pointsOf(this.#metric, expectedError),
        sqnr,
      };
    };
  }

  /** What the float model reaches on some samples, found once. */
  async #floatReaches(samples: number): Promise<ReachedSamples> {
    const known = this.#floats.get(samples) ?? (await this.#measure(this.#optimized, samples, null));
    this.#floats.set(samples, known);
    return known;
  }

  async #cut({ prepared, plan }: QuantizedModel): Promise<readonly RangeCut[]> {
    const { data, analysisSamples: samples = 128, threads, signal, onProgress } = this.#options;
    const cuts = await cutRanges(prepared, {
      plan,
      data,
      samples,
      ...(threads === undefined ? {} : { threads }),
      ...(signal ? { signal } : {}),
      progress: (done, total) => onProgress?.({ kind: "ranges", share: done / total }),
    });
    this.#stopIfAsked();
    return cuts;
  }

  #stopIfAsked(): void {
    const { signal, state } = this.#options;
    if (signal?.aborted) throw searchStopped(this.#tried, state ?? null);
  }

  /** Those of some names that are layers of the search. */
  #among(order: readonly string[], names: ReadonlySet<string>): ReadonlySet<string> {
    return new Set(order.filter((name) => names.has(name)));
  }

  #quantize(choices: LayerChoices): Promise<QuantizedModel> {
    const {
      target: _,
      validate: _validate,
      keepFloat: _globs,
      weights: _weights,
      state: _state,
      ...rest
    } = this.#options;
    return quantizeModel(this.#model, { ...rest, plan: this.#plans.json(choices) });
  }

  #measure(
    model: Model,
    samples: number,
    reference: Model | null,
    against: ReachedSamples | null = null,
  ): Promise<ReachedSamples> {
    const { validate: data, threads, signal } = this.#options;
    return measureModel(model, {
      data,
      samples,
      metric: this.#metric,
      reference,
      ...(against ? { against } : {}),
      ...(threads === undefined ? {} : { threads }),
      ...(signal ? { signal } : {}),
    });
  }

  async #floatMetrics(few: number, all: number): Promise<TargetSearch["float"]> {
    if (this.#metric === null) return { search: null, all: null };
    return { search: (await this.#floatReaches(few)).metric, all: (await this.#floatReaches(all)).metric };
  }

  async #analysis(planned: QuantizedModel): Promise<Analysis> {
    const { validate: data, analysisSamples = 128, threads, signal, state, backend, onProgress } = this.#options;
    const analysis = analyzeQuantization(planned, {
      data,
      samples: analysisSamples,
      backend: backend.name,
      ...(threads === undefined ? {} : { threads }),
      ...(signal ? { signal } : {}),
      ...(state === undefined ? {} : { state: `${state}.analysis` }),
      progress: ({ batch, batches, done, total }) =>
        onProgress?.({ kind: "analysis", share: batches === null ? 0 : (batch + done / total) / batches }),
    });
    try {
      return await analysis;
    } catch (error) {
      // It is the search that was stopped, and its state has the analysis beside it.
      this.#stopIfAsked();
      throw error;
    }
  }

  /** The layers by the noise that each makes for what it saves; those that save nothing last. */
  #ordered(analysis: Analysis, costOf: (choices: LayerChoices) => number): readonly SearchedLayer[] {
    const whole = costOf(allOnIntegers);
    const known = analysis.layers.filter(({ name }) => this.#plans.has(name));
    const layers = known.map(({ name, op, macs, quantizedAlone }): SearchedLayer => {
      const saves = costOf({ ...allOnIntegers, float: new Set([name]) }) - whole;
      return { name, op, macs, alone: quantizedAlone!.sqnr, saves, choice: "int8" };
    });
    const least = Math.min(...layers.flatMap(({ saves }) => (saves > 0 ? [saves] : [])), 1);
    const price = ({ alone, saves }: SearchedLayer): number =>
      (alone === null ? 0 : 10 ** (-alone / 10)) / (saves > 0 ? saves : least / 100);
    return layers.toSorted((a, b) => price(a) - price(b));
  }

  /** Of all that the outcome of a plan depends on. */
  async #digest(samples: number): Promise<string> {
    const { improve, observer, percentile, bins, valuesPerSample, averagingConstant, backend, validate } =
      this.#options;
    const calibration = [observer, percentile, bins, valuesPerSample, averagingConstant];
    const first: string[] = [];
    for await (const { inputs, target } of validate.batches({ batch: 8, samples: 8, shuffle: 0 })) {
      for (const tensor of [...Object.values(inputs), ...(target ? [target] : [])]) {
        first.push(digestOf([...tensor.bytes()]));
      }
    }
    const plan = this.#plans.json(allOnIntegers);
    return digestOf([plan, this.#target, samples, improve, calibration, backend.name, validate.size, first]);
  }
}

function choiceOf(name: string, { float, wide, weightOnly }: LayerChoices): LayerChoice {
  if (float.has(name)) return "float";
  if (weightOnly.has(name)) return "weight-only";
  return wide.has(name) ? "int16" : "int8";
}
