import type { Tensor } from "@lowbit/ir";

/** What a classifier answers to a sample. */
export interface Answer {
  /** The class with the highest score; of equal ones the lowest. */
  readonly best: number;
  /** Probabilities of the likeliest classes, by class. */
  readonly likely: ReadonlyMap<number, number>;
}

/** How many classes of an answer are kept; all others count as impossible. */
const mostLikely = 16;

/** The answers in scores [N, classes] of some leading samples; null for results of another form. */
export function answersOf(output: Tensor, samples: number): readonly Answer[] | null {
  const [, classes] = output.dims;
  if (output.dims.length !== 2 || output.dtype !== "float" || classes! < 2) return null;
  const scores = output.floats();
  return Array.from({ length: samples }, (_, row): Answer => {
    const own = scores.subarray(row * classes!, (row + 1) * classes!);
    const probabilities = probabilitiesOf(own);
    const order = [...own.keys()].toSorted((a, b) => own[b]! - own[a]! || a - b).slice(0, mostLikely);
    return { best: order[0]!, likely: new Map(order.map((index) => [index, probabilities[index]!])) };
  });
}

/** The share of samples that answers can be expected to lose, and its standard error over the samples. */
export interface ExpectedLoss {
  readonly mean: number;
  readonly error: number;
}

/**
 * The share of samples that other answers can be expected to lose, if the probabilities of the first ones are right: the mean
 * of p(first answer) - p(other answer). It needs no labels and is never negative. A change of an unsure answer costs
 * little either way, so it scatters much less than the share of labels that are lost, which counts such changes as a whole
 * sample won or lost.
 */
export function expectedLoss(first: readonly Answer[], other: readonly Answer[]): ExpectedLoss {
  const lost = first.map(({ best, likely }, i) => {
    const now = other[i]!.best;
    return now === best ? 0 : likely.get(best)! - (likely.get(now) ?? 0);
  });
  return { mean: lost.reduce((sum, each) => sum + each, 0) / lost.length, error: standardError(lost) };
}

/** √(Σ(d - mean)² / (n - 1) / n) */
export function standardError(values: readonly number[]): number {
  const count = values.length;
  if (count < 2) return 0;
  const mean = values.reduce((a, b) => a + b, 0) / count;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / (count - 1) / count);
}

/** Scores themselves where they are probabilities, otherwise their softmax. */
function probabilitiesOf(scores: Float32Array): ArrayLike<number> {
  const sum = scores.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) < 1e-3 && scores.every((score) => score >= 0)) return scores;
  const most = Math.max(...scores);
  const powers = Float64Array.from(scores, (score) => Math.exp(score - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
