import type { Tensor } from "@lowbit/ir";

/** Collects one number over many batches. */
export interface Measure {
  /** @param count how many leading samples of the output to look at; the rest is padding */
  add(output: Tensor, target: Tensor, count: number): void;
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

/** The share of samples whose label is among the `best` highest scores; ties count for the lower class. */
function hitsAmongBest(best: number): Measure {
  let hits = 0;
  let seen = 0;
  return {
    add(output, target, count) {
      const classes = output.size / output.dims[0]!;
      const scores = output.numbers();
      const labels = target.numbers();
      for (let sample = 0; sample < count; sample++) {
        const label = labels[sample]!;
        const own = scores[sample * classes + label]!;
        let better = 0;
        for (let c = 0; c < classes; c++) {
          const score = scores[sample * classes + c]!;
          if (score > own || (score === own && c < label)) better++;
        }
        if (better < best) hits++;
      }
      seen += count;
    },
    value: () => hits / seen,
  };
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
