import type { Tensor } from "@lowbit/ir";

/** Samples as the model takes them: one tensor per model input and the target, all with the samples as first axis. */
export interface Batch {
  /** By model input name. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** What the model should have answered; absent in unlabelled data. */
  readonly target?: Tensor;
  readonly size: number;
}

/** How batches are drawn from a data set. */
export interface BatchOptions {
  /** Samples per batch; the last one may be smaller. */
  readonly batch: number;
  /** Draws samples in an order made from this number; absent: in the data's own order. */
  readonly shuffle?: number;
  /** At most this many samples. */
  readonly samples?: number;
}

/** Labelled or unlabelled samples that can be read again and again. */
export interface Dataset {
  /** Number of samples, null when only reading to the end would tell. */
  readonly size: number | null;
  readonly hasTargets: boolean;
  /** Goes through the samples once. */
  batches(options: BatchOptions): AsyncIterable<Batch>;
  /**
   * Where the owner of the data finds a sample, for messages: its file, or its number there. Absent: nobody can tell.
   *
   * @param drawn how many samples were drawn before it
   * @param shuffle as `batches` was told
   */
  sampleName?(drawn: number, shuffle?: number): string;
}
