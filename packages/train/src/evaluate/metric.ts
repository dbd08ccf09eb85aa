import type { Tensor } from "@lowbit/ir";
import { labelOutsideOutput } from "../diagnostics.ts";

/** Collects one number over many batches. */
export interface Measure {
  /** Takes in the results of one batch. @param count how many leading samples of the output to look at; the rest is padding */
  add(output: Tensor, target: Tensor, count: number): void;
  /** The metric over all samples so far. */
  value(): number;
}

/** A measure by its name at the command line. */
export type MetricName = "accuracy" | "top5" | "mse";

/** Fresh measures by name. */
export const metrics: Readonly<Record<MetricName, () => Measure>> = {
  accuracy: () => hitsAmongBest(1),
  top5: () => hitsAmongBest(5),
  mse: meanSquare,
};

/**
 * The share of labels that are among the `best` highest scores of their sample or position; ties count for the lower
 * class. Scores are [N, classes, ...positions], labels [N, ...positions].
 */
function hitsAmongBest(best: number): Measure {
  let hits = 0;
  let seen = 0;
  return {
    add(output, target, count) {
      const scores = output.numbers();
      for (const { label, first, classes, step } of scoredLabels(output, target, count)) {
        const own = scores[first + label * step]!;
        let better = 0;
        for (let c = 0; c < classes; c++) {
          const score = scores[first + c * step]!;
          if (score > own || (score === own && c < label)) better++;
        }
        if (better < best) hits++;
        seen++;
      }
    },
    value: () => hits / seen,
  };
}

/** A label and where the scores of its classes are. */
export interface ScoredLabel {
  readonly label: number;
  /** Index of the score of class 0; the next classes follow at distances of `step`. */
  readonly first: number;
  readonly step: number;
  readonly classes: number;
}

/** The labels of the first `count` samples, position by position. @throws CompileError `data/label` */
export function* scoredLabels(output: Tensor, target: Tensor, count: number): Iterable<ScoredLabel> {
  const classes = output.dims[1] ?? 1;
  const step = output.size / (output.dims[0]! * classes);
  const labels = target.numbers();
  for (let i = 0; i < count * step; i++) {
    const sample = Math.floor(i / step);
    const label = labels[i]!;
    if (!(label >= 0 && label < classes)) throw labelOutsideOutput(label, classes);
    yield { label, first: sample * classes * step + (i % step), step, classes };
  }
}

function meanSquare(): Measure {
  let sum = 0;
  let elements = 0;
  return {
    add(output, target, count) {
      const perSample = output.size / output.dims[0]!;
      const values = output.numbers();
      const wanted = target.numbers();
      for (let i = 0; i < count * perSample; i++) sum += (values[i]! - wanted[i]!) ** 2;
      elements += count * perSample;
    },
    value: () => sum / elements,
  };
}
