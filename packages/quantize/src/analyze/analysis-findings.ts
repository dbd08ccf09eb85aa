import { OutcomeSum } from "./ablation-sums.ts";
import { CodeCounter, type CodeGrid } from "./code-statistics.ts";
import { ErrorSums } from "./error-sums.ts";

/** How many layers and which quantized values a model has. */
export interface Analyzed {
  readonly layers: number;
  /** The codes of each value, and the axis of its channels. */
  readonly values: readonly { readonly grid: CodeGrid; readonly axis: number | null }[];
}

/** What batches show of a model, in constant memory. */
export class AnalysisFindings {
  /** By layer, as everything named after layers here: its result with only it quantized. */
  readonly isolated: readonly ErrorSums[];
  /** Its result in the quantized model. */
  readonly cumulative: readonly ErrorSums[];
  readonly quantizedAlone: readonly OutcomeSum[];
  readonly leftFloat: readonly OutcomeSum[];
  /** By value. */
  readonly codes: readonly CodeCounter[];
  readonly float = new OutcomeSum();
  readonly quantized = new OutcomeSum();
  readonly output = new ErrorSums();
  samples = 0;

  constructor({ layers, values }: Analyzed) {
    const each = <T>(make: () => T): readonly T[] => Array.from({ length: layers }, make);
    this.isolated = each(() => new ErrorSums());
    this.cumulative = each(() => new ErrorSums());
    this.quantizedAlone = each(() => new OutcomeSum());
    this.leftFloat = each(() => new OutcomeSum());
    this.codes = values.map(({ grid, axis }) => new CodeCounter(grid, axis));
  }

  /** Takes in what other batches showed. Sums depend on the order in which batches are taken in. */
  merge(other: AnalysisFindings): void {
    const each = <T extends { merge(other: T): void }>(mine: readonly T[], theirs: readonly T[]): void =>
      mine.forEach((sum, index) => sum.merge(theirs[index]!));
    each(this.isolated, other.isolated);
    each(this.cumulative, other.cumulative);
    each(this.quantizedAlone, other.quantizedAlone);
    each(this.leftFloat, other.leftFloat);
    each(this.codes, other.codes);
    this.float.merge(other.float);
    this.quantized.merge(other.quantized);
    this.output.merge(other.output);
    this.samples += other.samples;
  }
}
