import { allOnIntegers, choicesIn, type FoundPlans, type LayerChoices, type PlanProblem } from "./plan-problem.ts";
import { PlanTrials } from "./plan-trials.ts";
import { noiseIn } from "./target.ts";

/** Layers tried one by one behind the longest run that is within the target, and how many may fail in a row. */
const mostSingles = 12;
const patience = 4;

/** Exchanges of layers that are tried, and how many layers make room for one at most. */
const mostExchanges = 12;
const mostGiven = 3;

/** Layers that are looked at before the next one leaves the integers, and how many may leave them in that way. */
const mostLooked = 8;
const mostLeft = 6;

const none: ReadonlySet<string> = new Set();

/** What becomes of layers that are not on 8-bit integers. */
type ChoicesOf = (rest: ReadonlySet<string>) => LayerChoices;

/**
 * Finds how layers may be computed within a target: all on 8-bit integers if they may. Otherwise as many as possible in the
 * given order, by halving; beside that, layers leave the integers one by one, each time the one without which the others lose
 * least for what it costs. From the cheaper of both, single ones of the rest go back for as long as that makes the model
 * cheaper, and then those of the rest that save most in exchange for others. The rest has activations of 16 bits where that
 * is within the target; otherwise weights as codes, where there are kernels and that is within the target and cheaper than
 * float; otherwise it is float, and both are tried for single ones of it. Deterministic.
 */
export async function searchPlan(problem: PlanProblem): Promise<FoundPlans> {
  const { order, wide = none, start = "all layers as planned" } = problem;
  const search = new Search(problem);
  const all = await search.trials.try(start, allOnIntegers);
  if (all.meets) {
    await search.cheaperWeights();
    return search.trials.found("the plan is within the target as it is");
  }
  const candidates = order.filter((name) => wide.has(name));
  if (candidates.length > 0) {
    const { meets } = await search.trials.try("all that can be, with 16-bit activations", { ...allOnIntegers, wide });
    if (meets) {
      await search.fewest(candidates, (rest) => ({ ...allOnIntegers, wide: rest }));
      return search.trials.found(search.ended);
    }
  }
  const choicesOf = await search.beside();
  const rest = await search.fewest(order, choicesOf);
  const { ended } = search;
  await search.singles(
    [...rest].filter((name) => wide.has(name)),
    rest,
    (less) => ({ ...choicesOf(less), wide: new Set([...rest].filter((name) => !less.has(name))) }),
  );
  await search.cheaperWeights();
  return search.trials.found(candidates.length > 0 ? search.ended : ended);
}

class Search {
  ended = "";
  readonly trials: PlanTrials;
  readonly #problem: PlanProblem;

  constructor(problem: PlanProblem) {
    this.#problem = problem;
    const { order, wide, weightOnly } = problem;
    const rounds = wide?.size ? 2 : 1;
    const looked = mostLeft * Math.min(mostLooked, order.length);
    const codes = weightOnly?.size ? 2 + mostSingles : 0;
    const halvings = Math.ceil(Math.log2(order.length + 1));
    this.trials = new PlanTrials(problem, rounds * (1 + mostSingles + mostExchanges) + halvings + looked + codes);
  }

  /** What becomes of the rest: weights as codes where all together are within the target and each is cheaper so, else float. */
  async beside(): Promise<ChoicesOf> {
    const { order, weightOnly = none } = this.#problem;
    const isFloat: ChoicesOf = (rest) => ({ ...allOnIntegers, float: rest });
    const codes = order.filter((name) => weightOnly.has(name) && this.#saves(name, isFloat(new Set([name]))));
    if (codes.length === 0) return isFloat;
    const withCodes: ChoicesOf = (rest) => ({
      ...allOnIntegers,
      float: new Set([...rest].filter((name) => !codes.includes(name))),
      weightOnly: new Set(codes.filter((name) => rest.has(name))),
    });
    const what = "none on integers, weights as codes where there are kernels";
    return (await this.trials.try(what, withCodes(new Set(order)))).meets ? withCodes : isFloat;
  }

  /** Puts as many layers as possible on 8-bit integers and returns the rest. @param choicesOf what becomes of the rest */
  async fewest(order: readonly string[], choicesOf: ChoicesOf): Promise<ReadonlySet<string>> {
    let [good, bad] = [0, order.length];
    while (bad - good > 1) {
      const count = Math.floor((good + bad) / 2);
      const what = `the first ${count} of ${order.length} layers`;
      const { meets } = await this.trials.try(what, choicesOf(new Set(order.slice(count))));
      if (meets) good = count;
      else bad = count;
    }
    const run = new Set(order.slice(good));
    const left = run.size > 1 ? await this.leaving(order, choicesOf) : null;
    const cost = (rest: ReadonlySet<string>): number => this.#problem.costOf(choicesOf(rest));
    const start = left !== null && cost(left) < cost(run) ? left : run;
    const rest = await this.singles(
      order.filter((name) => start.has(name)),
      start,
      choicesOf,
    );
    return this.exchanged(order, rest, choicesOf);
  }

  /**
   * Lets layers leave the integers one by one, until the others are within the target: of the noisiest ones the one without
   * which all others together lose least, for what it costs. Returns those that left; null where too many would have to.
   */
  async leaving(order: readonly string[], choicesOf: ChoicesOf): Promise<ReadonlySet<string> | null> {
    const costOf = (left: ReadonlySet<string>): number => this.#problem.costOf(choicesOf(left));
    let rest: ReadonlySet<string> = none;
    let last = await this.trials.try("all layers", choicesOf(rest));
    for (let round = 0; round < mostLeft && rest.size < order.length - 1; round++) {
      const looked = order
        .filter((name) => !rest.has(name))
        .toReversed()
        .slice(0, mostLooked);
      let best: { readonly more: ReadonlySet<string>; readonly tried: typeof last; readonly price: number } | null =
        null;
      for (const name of looked) {
        const more = new Set([...rest, name]);
        const names = [...more].map((each) => `"${each}"`).join(", ");
        const tried = await this.trials.try(`all but ${names}`, choicesOf(more));
        const gained = noiseIn(last.outcome) - noiseIn(tried.outcome);
        const paid = Math.max(costOf(more) - costOf(rest), 1e-3 * last.cost, Number.MIN_VALUE);
        // Of those with which it is enough the cheapest; otherwise the one that gains most for what it costs.
        const price = tried.meets ? -1 / paid : gained > 0 ? paid / gained : Infinity;
        const isBetter = best === null || (tried.meets === best.tried.meets ? price < best.price : tried.meets);
        if (isBetter) best = { more, tried, price };
      }
      if (best === null || best.price === Infinity) return null;
      [rest, last] = [best.more, best.tried];
      if (last.meets) return rest;
    }
    return null;
  }

  /**
   * Puts layers of the rest on integers that save much, alone or in place of others that make more noise for what they
   * save, while that makes the model cheaper and is within the target. Returns what is left.
   */
  async exchanged(
    order: readonly string[],
    start: ReadonlySet<string>,
    choicesOf: ChoicesOf,
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
        const before = this.trials.count;
        const { meets } = await this.trials.try(what, choicesOf(less));
        if (this.trials.count > before) tries++;
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
    choicesOf: ChoicesOf,
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
      const { meets } = await this.trials.try(`${isFirst ? "only" : "and"} "${layer}"`, choicesOf(less));
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

  /**
   * Gives the cheapest plan within the target weights as codes where that is cheaper than what a layer has: all such layers
   * together if they may, otherwise one after the other.
   */
  async cheaperWeights(): Promise<void> {
    const best = this.trials.cheapest();
    if (best === null) return;
    let choices = choicesIn(best);
    const { order, weightOnly = none } = this.#problem;
    const cheaper = order.filter(
      (name) => weightOnly.has(name) && !choices.weightOnly.has(name) && this.#saves(name, choices),
    );
    if (cheaper.length === 0) return;
    const all = cheaper.reduce((before, name) => withCodes(name, before), choices);
    if (this.#problem.costOf(all) < best.cost) {
      const names = cheaper.map((name) => `"${name}"`).join(", ");
      if ((await this.trials.try(`with weights as codes: ${names}`, all)).meets) return;
    }
    for (const name of cheaper.slice(0, mostSingles)) {
      if (!this.#saves(name, choices)) continue;
      const more = withCodes(name, choices);
      if ((await this.trials.try(`and with weights as codes: "${name}"`, more)).meets) choices = more;
    }
  }

  /** Whether a layer costs less with its weights as codes than what it is among some choices. */
  #saves(name: string, choices: LayerChoices): boolean {
    return this.#problem.costOf(withCodes(name, choices)) < this.#problem.costOf(choices);
  }
}

/** The choices with the weights of one layer as codes. */
function withCodes(name: string, { float, wide, weightOnly }: LayerChoices): LayerChoices {
  const without = (names: ReadonlySet<string>): ReadonlySet<string> =>
    new Set([...names].filter((each) => each !== name));
  return { float: without(float), wide: without(wide), weightOnly: new Set([...weightOnly, name]) };
}
