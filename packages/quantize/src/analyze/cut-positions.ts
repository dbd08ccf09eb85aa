/** The nodes between which the outcome of an ablation differs from that of the run it starts from, both included. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** What a node costs more in a segment that is run by switches than behind it. */
const switched = 1.3;

/** Most places that are looked at for a cut. */
const mostPlaces = 400;

/**
 * Where to cut a list of nodes into segments so that ablations together cost the least: each runs from the cut before
 * its span to the end, and by switches up to the cut behind its span.
 *
 * @param costs of the nodes, in any unit
 * @param spans of the ablations
 * @param count most segments
 * @param mayEndAt whether a segment may end before the node of this index
 * @returns the ends of the segments, ascending; the last is the number of nodes
 */
export function cutPositions(
  costs: readonly number[],
  spans: readonly Span[],
  count: number,
  mayEndAt: (index: number) => boolean = () => true,
): readonly number[] {
  const before = running(costs);
  const begun = running(
    countsAt(
      spans.map(({ first }) => first),
      costs.length,
    ),
  );
  const ended = running(
    countsAt(
      spans.map(({ last }) => last),
      costs.length,
    ),
  );
  const allowed = [...costs.keys()].filter((at) => at > 0 && mayEndAt(at));
  const stride = Math.ceil(allowed.length / mostPlaces);
  const places = [0, ...allowed.filter((_, index) => index % stride === 0), costs.length];
  /** What a segment adds, up to what all ways to cut have in common. */
  const added = (from: number, to: number): number =>
    (switched - 1) * before[to]! * (ended[to]! - ended[from]!) - switched * before[from]! * (begun[to]! - begun[from]!);
  let best: { readonly cost: number; readonly ends: readonly number[] }[] = places.map((place) => ({
    cost: place === 0 ? 0 : Infinity,
    ends: [],
  }));
  for (let segment = 0; segment < count; segment++) {
    best = places.map((to, index) => {
      let least = best[index]!;
      for (let at = 0; at < index; at++) {
        const cost = best[at]!.cost + added(places[at]!, to);
        if (cost < least.cost) least = { cost, ends: [...best[at]!.ends, to] };
      }
      return least;
    });
  }
  return best.at(-1)!.ends;
}

/** Sums of all before each index, and of all. */
function running(numbers: readonly number[]): readonly number[] {
  const sums = [0];
  for (const number of numbers) sums.push(sums.at(-1)! + number);
  return sums;
}

function countsAt(positions: readonly number[], length: number): readonly number[] {
  const counts = Array.from({ length }, () => 0);
  for (const position of positions) counts[position]!++;
  return counts;
}
