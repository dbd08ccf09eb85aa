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
  const inOrder = (names: ReadonlySet<string>): readonly string[] => order.filter((each) => names.has(each));
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
    const [float, wide] = [inOrder(choices.float), inOrder(choices.wide)];
    tried.push({
      what: known === undefined ? what : `${what}, on all samples`,
      float,
      wide,
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
interface NamedPlan {
  readonly what: string;
  readonly float: readonly string[];
  readonly wide: readonly string[];
}

function choicesIn({ float, wide }: Omit<NamedPlan, "what">): LayerChoices {
  return { float: new Set(float), wide: new Set(wide) };
}

/** A plan with fewer layers on 8-bit integers: without the cheapest single ones, and without the last ones together. */
function smaller(problem: PlanProblem, plan: NamedPlan): readonly NamedPlan[] {
  const choices = choicesIn(plan);
  const onIntegers = problem.order.filter((name) => !choices.float.has(name) && !choices.wide.has(name));
  const without = (what: string, names: readonly string[]): NamedPlan => {
    const { float, wide } = leaving(problem, choices, names);
    return { what, float: [...float], wide: [...wide] };
  };
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
function leaving(problem: PlanProblem, { float, wide }: LayerChoices, names: readonly string[]): LayerChoices {
  const areWide = float.size === 0 && wide.size > 0 && names.every((name) => problem.wide?.has(name));
  return areWide ? { float, wide: new Set([...wide, ...names]) } : { float: new Set([...float, ...names]), wide };
}
