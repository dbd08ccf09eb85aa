import type { SearchTarget, TriedPlan } from "./target-search.ts";
import { meetsTarget, shortfall, type MetricOutcome } from "./target.ts";

/** A search for the layers to leave float. */
export interface PlanProblem {
  readonly target: SearchTarget;
  /** Names of the layers in the order in which they are put on integers. */
  readonly order: readonly string[];
  /** What the model costs with some layers float. */
  costOf(float: ReadonlySet<string>): number;
  /** What the model reaches with some layers float. */
  measure(float: ReadonlySet<string>): Promise<MetricOutcome>;
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

/**
 * Finds which layers may be on integers within a target: all of them if they may; otherwise as many as possible in the
 * given order, by halving, and then single ones of the rest for as long as they make the model cheaper. Deterministic.
 */
export async function searchPlan(problem: PlanProblem): Promise<FoundPlans> {
  const { order } = problem;
  const search = new Search(problem, 1 + Math.ceil(Math.log2(order.length + 1)) + mostSingles);
  const all = await search.try("all layers as planned", new Set());
  if (all.meets) return search.found("the plan is within the target as it is");
  let [good, bad] = [0, order.length];
  while (bad - good > 1) {
    const count = Math.floor((good + bad) / 2);
    const { meets } = await search.try(`the first ${count} of ${order.length} layers`, new Set(order.slice(count)));
    if (meets) good = count;
    else bad = count;
  }
  let float = new Set(order.slice(good));
  let failures = 0;
  let singles = 0;
  for (const layer of order.slice(good)) {
    if (failures === patience || singles === mostSingles) break;
    const less = new Set([...float].filter((each) => each !== layer));
    const base = good === 0 && float.size === order.length;
    if (!base && problem.costOf(less) >= problem.costOf(float)) continue;
    singles++;
    const { meets } = await search.try(`${base ? "only" : "and"} "${layer}"`, less);
    if (meets) float = less;
    failures = meets ? 0 : failures + 1;
  }
  if (failures === patience) return search.found(`${patience} more layers in a row were too much`);
  if (singles === mostSingles) return search.found(`${mostSingles} single layers were tried`);
  return search.found("no layer is left that makes the model cheaper and stays within the target");
}

class Search {
  readonly #problem: PlanProblem;
  readonly #tried: TriedPlan[] = [];
  readonly #known = new Map<string, TriedPlan>();
  #left: number;

  constructor(problem: PlanProblem, most: number) {
    this.#problem = problem;
    this.#left = most;
  }

  async try(what: string, float: ReadonlySet<string>): Promise<TriedPlan> {
    const key = JSON.stringify([...float].toSorted());
    const known = this.#known.get(key);
    if (known) return known;
    this.#problem.onTry?.(Math.max(1, this.#left--));
    const outcome = await this.#problem.measure(float);
    const inOrder = this.#problem.order.filter((name) => float.has(name));
    const meets = meetsTarget(this.#problem.target, outcome);
    const tried: TriedPlan = { what, float: inOrder, wide: [], cost: this.#problem.costOf(float), outcome, meets };
    this.#known.set(key, tried);
    this.#tried.push(tried);
    return tried;
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
