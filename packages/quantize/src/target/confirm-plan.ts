import type { FoundPlans, LayerChoices, PlanProblem } from "./search-plan.ts";
import type { TriedPlan } from "./target-search.ts";
import { meetsTarget, type MetricOutcome } from "./target.ts";

/** A plan that is within the target on all samples. */
export interface ConfirmedPlan {
  /** What was tried before, and on all samples since. */
  readonly tried: readonly TriedPlan[];
  /** Which of them it is. */
  readonly chosen: number;
  readonly reached: MetricOutcome;
}

/** Single layers that may leave the cheapest plan, and how many may leave it together, before other plans are looked at. */
const mostSingles = 6;
const mostTogether = 8;

/**
 * Confirms what a search found with some samples on all of them. Where the cheapest plan is not within the target there,
 * single layers leave it, the cheapest first; then more and more of those with the most noise for what they save; after
 * that come the other plans. Null where nothing is left.
 */
export async function confirmPlan(
  problem: PlanProblem,
  found: FoundPlans,
  samples: number,
  measure: (choices: LayerChoices) => Promise<MetricOutcome>,
): Promise<ConfirmedPlan | null> {
  const { target, order } = problem;
  const tried: TriedPlan[] = [...found.tried];
  const inOrder = (names: ReadonlySet<string>): readonly string[] => order.filter((each) => names.has(each));
  const tryOn = async (what: string, choices: LayerChoices): Promise<TriedPlan> => {
    problem.onTry?.(1);
    const outcome = await measure(choices);
    const [float, wide] = [inOrder(choices.float), inOrder(choices.wide)];
    const meets = meetsTarget(target, outcome);
    tried.push({ what, float, wide, cost: problem.costOf(choices), samples, outcome, meets });
    return tried.at(-1)!;
  };
  const last = (reached: MetricOutcome): ConfirmedPlan => ({ tried, chosen: tried.length - 1, reached });
  for (const [place, index] of found.within.entries()) {
    const plan = found.tried[index]!;
    const choices: LayerChoices = { float: new Set(plan.float), wide: new Set(plan.wide) };
    const reached = samples === problem.samples ? plan.outcome : await measure(choices);
    if (meetsTarget(target, reached)) return { tried, chosen: index, reached };
    if (place > 0) continue;
    const onIntegers = order.filter((name) => !choices.float.has(name) && !choices.wide.has(name));
    const without = (names: readonly string[]): LayerChoices => leaving(problem, choices, names);
    const byCost = onIntegers.toSorted((a, b) => problem.costOf(without([a])) - problem.costOf(without([b])));
    for (const name of onIntegers.length > 1 ? byCost.slice(0, mostSingles) : []) {
      const { meets, outcome } = await tryOn(`without "${name}", on all samples`, without([name]));
      if (meets) return last(outcome);
    }
    const noisiest = onIntegers.toReversed();
    for (let count = 2; count < Math.min(onIntegers.length, mostTogether + 1); count++) {
      const names = noisiest.slice(0, count);
      const { meets, outcome } = await tryOn(`without the last ${count} of these, on all samples`, without(names));
      if (meets) return last(outcome);
    }
  }
  return null;
}

/** Some layers fewer on 8-bit integers: float, or with activations of 16 bits where no layer is float. */
function leaving(problem: PlanProblem, { float, wide }: LayerChoices, names: readonly string[]): LayerChoices {
  const areWide = float.size === 0 && wide.size > 0 && names.every((name) => problem.wide?.has(name));
  return areWide ? { float, wide: new Set([...wide, ...names]) } : { float: new Set([...float, ...names]), wide };
}
