/** Equal parts one after another: of items `start` to `start + period * count`. */
export interface Repeat {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

const longestPeriod = 60;
/** Fewest items that repeats are worth finding in, and fewest that all parts together must have. */
const fewestItems = 12;
const fewestCovered = 6;

/**
 * Finds parts of a sequence that repeat at once after themselves, the ones that cover most first; parts do not overlap.
 *
 * @param signatures what each item is and how far back it reads: equal ones look alike
 * @param crossings how many values pass between an item and the one before it; parts begin where few do
 */
export function repeatsIn(signatures: readonly string[], crossings: readonly number[]): readonly Repeat[] {
  const found: Repeat[] = [];
  const search = (from: number, to: number): void => {
    const best = widest(signatures, crossings, from, to);
    if (best === null) return;
    search(from, best.start);
    found.push(best);
    search(best.start + best.period * best.count, to);
  };
  if (signatures.length >= fewestItems) search(0, signatures.length);
  return found;
}

function widest(signatures: readonly string[], crossings: readonly number[], from: number, to: number): Repeat | null {
  let best: Repeat | null = null;
  for (let period = 2; period <= Math.min(longestPeriod, (to - from) / 2); period++) {
    let run = 0;
    for (let i = from; i + period <= to; i++) {
      if (i + period < to && signatures[i] === signatures[i + period]) {
        run++;
        continue;
      }
      if (run >= period) {
        const repeat = aligned(crossings, i - run, run + period, period);
        const covered = repeat.period * repeat.count;
        // A multiple of a period covers no more than the period itself, so the shortest one wins.
        if (covered >= fewestCovered && covered > (best ? best.period * best.count : 0)) best = repeat;
      }
      run = 0;
    }
  }
  return best;
}

/** The parts of a run of at least two, begun where the fewest values cross; a part less is a high price. */
function aligned(crossings: readonly number[], first: number, length: number, period: number): Repeat {
  const most = Math.floor(length / period);
  let best = { start: first, cost: Infinity };
  for (let start = first; start < first + period; start++) {
    const count = Math.floor((length - (start - first)) / period);
    const cost = crossings[start]! + 2 * (most - count);
    if (count > 1 && cost < best.cost) best = { start, cost };
  }
  return { start: best.start, period, count: Math.floor((length - (best.start - first)) / period) };
}
