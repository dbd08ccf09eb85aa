import { choicesIn, namedChoices, type FoundPlans, type LayerChoices, type PlanProblem } from "./plan-problem.ts";
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

/** Single layers that may leave the cheapest plan, and how many may leave it together. */
const mostSingles = 6;
const mostTogether = 8;

/** Plans that are measured on all samples at most. */
const mostMeasured = 24;

/**
 * Confirms what a search found with some samples on all of them. Where the cheapest plan is not within the target there,
 * the next cheaper ones follow: the others that the search found, and the cheapest one without single layers, and without
 * more and more of those with the most noise for what they save. Null where none is left.
 */
export async function confirmPlan(
  problem: PlanProblem,
  found: FoundPlans,
  samples: number,
  measure: (choices: LayerChoices) => Promise<MetricOutcome>,
): Promise<ConfirmedPlan | null> {
  const { target, order } = problem;
  const [cheapest] = found.within;
  if (cheapest === undefined) return null;
  if (samples === problem.samples) {
    return { tried: found.tried, chosen: cheapest, reached: found.tried[cheapest]!.outcome };
  }
  const tried: TriedPlan[] = [...found.tried];
  const candidates = [...smaller(problem, found.tried[cheapest]!), ...found.within.map((index) => found.tried[index]!)];
  const byCost = candidates
    .map((each) => ({ ...each, cost: problem.costOf(choicesIn(each)) }))
    .toSorted((a, b) => a.cost - b.cost);
  for (const [place, { what, cost, ...sets }] of byCost.slice(0, mostMeasured).entries()) {
    problem.onTry?.(Math.min(byCost.length, mostMeasured) - place);
    const choices = choicesIn(sets);
    const reached = await measure(choices);
    const meets = meetsTarget(target, reached);
    const known = found.within.find((index) => found.tried[index]!.what === what);
    if (known !== undefined && meets) return { tried, chosen: known, reached };
    tried.push({
      what: known === undefined ? what : `${what}, on all samples`,
      ...namedChoices(order, choices),
      cost,
      samples,
      outcome: reached,
      meets,
    });
    if (meets) return { tried, chosen: tried.length - 1, reached };
  }
  return null;
}

/** A plan by the names of its layers. */
type NamedPlan = Pick<TriedPlan, "what" | "float" | "wide" | "weightOnly">;

/** A plan with fewer layers on 8-bit integers: without the cheapest single ones, and without the last ones together. */
function smaller(problem: PlanProblem, plan: NamedPlan): readonly NamedPlan[] {
  const choices = choicesIn(plan);
  const others = [choices.float, choices.wide, choices.weightOnly];
  const onIntegers = problem.order.filter((name) => !others.some((names) => names.has(name)));
  const without = (what: string, names: readonly string[]): NamedPlan => ({
    what,
    ...namedChoices(problem.order, leaving(problem, choices, names)),
  });
  const cost = (name: string): number => problem.costOf(leaving(problem, choices, [name]));
  const singles = onIntegers.length > 1 ? onIntegers.toSorted((a, b) => cost(a) - cost(b)).slice(0, mostSingles) : [];
  const counts = Array.from(
    { length: Math.max(0, Math.min(onIntegers.length - 2, mostTogether - 1)) },
    (_, i) => i + 2,
  );
  return [
    ...singles.map((name) => without(`without "${name}", on all samples`, [name])),
    ...counts.map((count) =>
      without(`without the last ${count} of these, on all samples`, onIntegers.toReversed().slice(0, count)),
    ),
  ];
}

/** Some layers fewer on 8-bit integers: float, or with activations of 16 bits where no layer is float. */
function leaving(problem: PlanProblem, choices: LayerChoices, names: readonly string[]): LayerChoices {
  const { float, wide } = choices;
  const areWide = float.size === 0 && wide.size > 0 && names.every((name) => problem.wide?.has(name));
  if (areWide) return { ...choices, wide: new Set([...wide, ...names]) };
  return { ...choices, float: new Set([...float, ...names]) };
}
