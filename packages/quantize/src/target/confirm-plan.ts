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

/** Layers that the cheapest plan may lose again before the others are looked at. */
const mostRetreats = 8;

/**
 * Confirms what a search found with some samples on all of them. Where the cheapest plan is not within the target there,
 * the layers that make the most noise for what they save leave it again, one by one; after that come the other plans.
 * Null where nothing is left.
 */
export async function confirmPlan(
  problem: PlanProblem,
  found: FoundPlans,
  samples: number,
  measure: (choices: LayerChoices) => Promise<MetricOutcome>,
): Promise<ConfirmedPlan | null> {
  const { target, order } = problem;
  const tried: TriedPlan[] = [...found.tried];
  const [cheapest] = found.within;
  for (const index of found.within) {
    const plan = found.tried[index]!;
    problem.onTry?.(1);
    const choices: LayerChoices = { float: new Set(plan.float), wide: new Set(plan.wide) };
    const reached = samples === problem.samples ? plan.outcome : await measure(choices);
    if (meetsTarget(target, reached)) return { tried, chosen: index, reached };
    if (index !== cheapest) continue;
    const { float, wide } = { float: new Set(plan.float), wide: new Set(plan.wide) };
    // Where no layer is float, those that leave get activations of 16 bits.
    const leaves = float.size === 0 && wide.size > 0 ? wide : float;
    const onIntegers = order.filter((name) => !float.has(name) && !wide.has(name)).toReversed();
    for (const name of onIntegers.slice(0, mostRetreats)) {
      if (leaves === wide && !problem.wide?.has(name)) continue;
      leaves.add(name);
      if (float.size === order.length) break;
      problem.onTry?.(1);
      const less: LayerChoices = { float: new Set(float), wide: new Set(wide) };
      const outcome = await measure(less);
      const meets = meetsTarget(target, outcome);
      const inOrder = (names: ReadonlySet<string>): readonly string[] => order.filter((each) => names.has(each));
      tried.push({
        what: `without "${name}", on all samples`,
        float: inOrder(float),
        wide: inOrder(wide),
        cost: problem.costOf(less),
        samples,
        outcome,
        meets,
      });
      if (meets) return { tried, chosen: tried.length - 1, reached: outcome };
    }
  }
  return null;
}
