import { namedChoices, type FoundPlans, type LayerChoices, type PlanProblem } from "./plan-problem.ts";
import type { TriedPlan } from "./target-search.ts";
import { meetsTarget, shortfall } from "./target.ts";

/** The plans that a search has tried, each once. */
export class PlanTrials {
  readonly #problem: PlanProblem;
  readonly #tried: TriedPlan[];
  readonly #known = new Map<string, TriedPlan>();
  #left: number;

  /** @param most plans that may be tried at most */
  constructor(problem: PlanProblem, most: number) {
    this.#problem = problem;
    this.#tried = [...(problem.before ?? [])];
    this.#left = most;
  }

  /** How many there are. */
  get count(): number {
    return this.#tried.length;
  }

  /** Measures a plan that is not known yet. @param what it is, in words */
  async try(what: string, choices: LayerChoices): Promise<TriedPlan> {
    const { order, target, samples } = this.#problem;
    const named = namedChoices(order, choices);
    const key = JSON.stringify(named);
    const known = this.#known.get(key);
    if (known) return known;
    this.#problem.onTry?.(Math.max(1, this.#left--));
    const outcome = await this.#problem.measure(choices);
    const meets = meetsTarget(target, outcome);
    const tried: TriedPlan = { what, ...named, cost: this.#problem.costOf(choices), samples, outcome, meets };
    this.#known.set(key, tried);
    this.#tried.push(tried);
    return tried;
  }

  /** The cheapest plan within the target; null where there is none. */
  cheapest(): TriedPlan | null {
    const [index] = this.#within();
    return index === undefined ? null : this.#tried[index]!;
  }

  found(stopped: string): FoundPlans {
    const tried = this.#tried;
    const indices = this.#quantized();
    const far = (index: number): number => shortfall(this.#problem.target, tried[index]!.outcome);
    const closest = indices.reduce((best, index) => (far(index) < far(best) ? index : best), indices[0]!);
    return { tried, within: this.#within(), closest, stopped };
  }

  /** Indices of plans with a layer on codes: without one there is nothing that meets a target by being quantized. */
  #quantized(): readonly number[] {
    return [...this.#tried.keys()].filter((index) => this.#tried[index]!.float.length < this.#problem.order.length);
  }

  /** Indices of those within the target, the cheapest first. */
  #within(): readonly number[] {
    const tried = this.#tried;
    return this.#quantized()
      .filter((index) => tried[index]!.meets)
      .toSorted((a, b) => tried[a]!.cost - tried[b]!.cost || a - b);
  }
}
