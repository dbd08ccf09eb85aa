import { metrics, scoredLabels, type Measure, type MetricName } from "./metric.ts";

/** The loss that goes with a metric: cross-entropy with shares of hits, the squared error with itself. */
export const lossOf: Readonly<Record<MetricName, () => Measure>> = {
  accuracy: meanCrossEntropy,
  top5: meanCrossEntropy,
  mse: metrics.mse,
};

/** The smallest probability that counts; its logarithm bounds the loss of one label. */
const leastProbability = 1e-12;

/** Mean of -log p(label), where the output is scores, log-probabilities, or probabilities already. */
function meanCrossEntropy(): Measure {
  let sum = 0;
  let seen = 0;
  return {
    add(output, target, count) {
      const scores = output.numbers();
      for (const { label, first, classes, step } of scoredLabels(output, target, count)) {
        const row = Array.from({ length: classes }, (_, c) => scores[first + c * step]!);
        sum -= isDistribution(row) ? Math.log(Math.max(row[label]!, leastProbability)) : logSoftmaxAt(row, label);
        seen++;
      }
    },
    value: () => sum / seen,
  };
}

/** Whether numbers are probabilities of classes; those of a quantized softmax add up to 1 only roughly. */
function isDistribution(row: readonly number[]): boolean {
  const total = row.reduce((a, b) => a + b, 0);
  return Math.abs(total - 1) < 0.1 && row.every((value) => value >= 0 && value <= 1.001);
}

function logSoftmaxAt(row: readonly number[], index: number): number {
  const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
  return row[index]! - largest - Math.log(row.reduce((total, score) => total + Math.exp(score - largest), 0));
}
