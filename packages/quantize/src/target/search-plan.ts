import type { TriedPlan } from "./target-search.ts";
import type { SearchTarget } from "./target.ts";
import { meetsTarget, shortfall, type MetricOutcome } from "./target.ts";

/** How the layers of a model are computed: those of neither set on 8-bit integers. */
export interface LayerChoices {
  readonly float: ReadonlySet<string>;
  /** With activations of 16 bits. */
  readonly wide: ReadonlySet<string>;
}

/** A search for how to compute each layer. */
export interface PlanProblem {
  readonly target: SearchTarget;
  /** Names of the layers in the order in which they are put on 8-bit integers. */
  readonly order: readonly string[];
  /** Layers that have kernels for activations of 16 bits. Default: none. */
  readonly wide?: ReadonlySet<string>;
  /** What was tried before, and is not within the target. */
  readonly before?: readonly TriedPlan[];
  /** Samples that `measure` looks at. */
  readonly samples: number;
  /** What the model costs. */
  costOf(choices: LayerChoices): number;
  /** What the model reaches. */
  measure(choices: LayerChoices): Promise<MetricOutcome>;
  /** Called before each measurement with how many may still follow at most, itself included. */
  readonly onTry?: (left: number) => void;
}

/** What a search found. */
export interface FoundPlans {
  readonly tried: readonly TriedPlan[];
  /** Indices of tried plans within the target, the cheapest first. */
  readonly within: readonly number[];
  /** The index of the tried plan that comes closest. */
  readonly closest: number;
  readonly stopped: string;
}

/** Layers tried one by one behind the longest run that is within the target, and how many may fail in a row. */
const mostSingles = 12;
const patience = 4;

/** Exchanges of layers that are tried, and how many layers make room for one at most. */
const mostExchanges = 12;
const mostGiven = 3;

const none: ReadonlySet<string> = new Set();

/**
 * Finds how layers may be computed within a target: all on 8-bit integers if they may. Otherwise as many as possible in the
 * given order, by halving, then single ones of the rest for as long as they make the model cheaper, and then those of the
 * rest that save most in exchange for others. The rest has activations of 16 bits where that is within the target; otherwise
 * it is float, and 16 bits are tried for single ones of it. Deterministic.
 */
export async function searchPlan(problem: PlanProblem): Promise<FoundPlans> {
  const { order, wide = none } = problem;
  const search = new Search(problem);
  const asPlanned = problem.before?.length ? "all layers, with ranges cut" : "all layers as planned";
  const all = await search.try(asPlanned, { float: none, wide: none });
  if (all.meets) return search.found("the plan is within the target as it is");
  const candidates = order.filter((name) => wide.has(name));
  if (candidates.length > 0) {
    const { meets } = await search.try("all that can be, with 16-bit activations", { float: none, wide });
    if (meets) {
      await search.fewest(candidates, (rest) => ({ float: none, wide: rest }));
      return search.found(search.ended);
    }
  }
  const float = await search.fewest(order, (rest) => ({ float: rest, wide: none }));
  const { ended } = search;
  await search.singles(
    [...float].filter((name) => wide.has(name)),
    float,
    (rest) => ({
      float: rest,
      wide: new Set([...float].filter((name) => !rest.has(name))),
    }),
  );
  return search.found(candidates.length > 0 ? search.ended : ended);
}

class Search {
  ended = "";
  readonly #problem: PlanProblem;
  readonly #tried: TriedPlan[];
  readonly #known = new Map<string, TriedPlan>();
  #left: number;

  constructor(problem: PlanProblem) {
    this.#problem = problem;
    this.#tried = [...(problem.before ?? [])];
    const rounds = problem.wide?.size ? 2 : 1;
    const exchanges = rounds * (mostSingles + mostExchanges);
    this.#left = rounds + Math.ceil(Math.log2(problem.order.length + 1)) + exchanges;
  }

  async try(what: string, choices: LayerChoices): Promise<TriedPlan> {
    const inOrder = (names: ReadonlySet<string>): readonly string[] =>
      this.#problem.order.filter((name) => names.has(name));
    const [float, wide] = [inOrder(choices.float), inOrder(choices.wide)];
    const key = JSON.stringify([float, wide]);
    const known = this.#known.get(key);
    if (known) return known;
    this.#problem.onTry?.(Math.max(1, this.#left--));
    const outcome = await this.#problem.measure(choices);
    const meets = meetsTarget(this.#problem.target, outcome);
    const { samples } = this.#problem;
    const tried: TriedPlan = { what, float, wide, cost: this.#problem.costOf(choices), samples, outcome, meets };
    this.#known.set(key, tried);
    this.#tried.push(tried);
    return tried;
  }

  /** Puts as many layers as possible on 8-bit integers and returns the rest. @param choicesOf what becomes of the rest */
  async fewest(
    order: readonly string[],
    choicesOf: (rest: ReadonlySet<string>) => LayerChoices,
  ): Promise<ReadonlySet<string>> {
    let [good, bad] = [0, order.length];
    while (bad - good > 1) {
      const count = Math.floor((good + bad) / 2);
      const what = `the first ${count} of ${order.length} layers`;
      const { meets } = await this.try(what, choicesOf(new Set(order.slice(count))));
      if (meets) good = count;
      else bad = count;
    }
    const rest = await this.singles(order.slice(good), new Set(order.slice(good)), choicesOf);
    return this.exchanged(order, rest, choicesOf);
  }

  /**
   * Puts layers of the rest on integers that save much, alone or in place of others that make more noise for what they
   * save, while that makes the model cheaper and is within the target. Returns what is left.
   */
  async exchanged(
    order: readonly string[],
    start: ReadonlySet<string>,
    choicesOf: (rest: ReadonlySet<string>) => LayerChoices,
  ): Promise<ReadonlySet<string>> {
    const cost = (rest: ReadonlySet<string>): number => this.#problem.costOf(choicesOf(rest));
    let rest = start;
    let tries = 0;
    const without = (names: readonly string[], more: readonly string[]): ReadonlySet<string> =>
      new Set([...[...rest].filter((each) => !names.includes(each)), ...more]);
    const bySaving = [...start].toSorted((a, b) => cost(without([a], [])) - cost(without([b], [])));
    for (const layer of bySaving) {
      const noisiest = order.filter((name) => !rest.has(name)).toReversed();
      for (let count = 0; count <= Math.min(mostGiven, noisiest.length - 1) && tries < mostExchanges; count++) {
        const given = noisiest.slice(0, count);
        const less = without([layer], given);
        if (cost(less) >= cost(rest)) continue;
        const places = given.map((name) => `"${name}"`).join(", ");
        const what = count === 0 ? `and "${layer}"` : `and "${layer}" in place of ${places}`;
        const before = this.#tried.length;
        const { meets } = await this.try(what, choicesOf(less));
        if (this.#tried.length > before) tries++;
        if (!meets) continue;
        rest = less;
        break;
      }
    }
    if (rest !== start) this.ended = "no exchange of layers that was tried is cheaper and stays within the target";
    return rest;
  }

  /** Takes single layers out of the rest while that is cheaper and within the target, and returns what is left of it. */
  async singles(
    layers: readonly string[],
    start: ReadonlySet<string>,
    choicesOf: (rest: ReadonlySet<string>) => LayerChoices,
  ): Promise<ReadonlySet<string>> {
    let rest = start;
    let failures = 0;
    let tries = 0;
    for (const layer of layers) {
      if (failures === patience || tries === mostSingles) break;
      const less = new Set([...rest].filter((each) => each !== layer));
      // The first one on integers may pay only together with others.
      const isFirst = rest.size === this.#problem.order.length;
      if (!isFirst && this.#problem.costOf(choicesOf(less)) >= this.#problem.costOf(choicesOf(rest))) continue;
      tries++;
      const { meets } = await this.try(`${isFirst ? "only" : "and"} "${layer}"`, choicesOf(less));
      if (meets) rest = less;
      failures = meets ? 0 : failures + 1;
    }
    this.ended =
      failures === patience
        ? `${patience} more layers in a row were too much`
        : tries === mostSingles
          ? `${mostSingles} single layers were tried`
          : "no layer is left that makes the model cheaper and stays within the target";
    return rest;
  }

  found(stopped: string): FoundPlans {
    const { order, target } = this.#problem;
    const tried = this.#tried;
    // Without a layer on integers there is nothing that meets a target by being quantized.
    const indices = [...tried.keys()].filter((index) => tried[index]!.float.length < order.length);
    const far = (index: number): number => shortfall(target, tried[index]!.outcome);
    return {
      tried,
      within: indices
        .filter((index) => tried[index]!.meets)
        .toSorted((a, b) => tried[a]!.cost - tried[b]!.cost || a - b),
      closest: indices.reduce((best, index) => (far(index) < far(best) ? index : best), indices[0]!),
      stopped,
    };
  }
}
