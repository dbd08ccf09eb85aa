import type { CodeStatistics } from "../analyze/code-statistics.ts";
import type { TensorError } from "../analyze/error-sums.ts";

/** Two files that should compute the same, layer by layer; the error is that of the second against the first. */
export interface Comparison {
  readonly samples: number;
  /** In the order of the first model's results. */
  readonly outputs: readonly ComparedOutput[];
  /** The metric of either model; null without targets. */
  readonly metric: { readonly model: number; readonly other: number } | null;
  /** What both models compute, in the order of the first. */
  readonly layers: readonly ComparedLayer[];
  /** Layers of either model that the other has no counterpart for. */
  readonly unmatched: readonly UnmatchedLayer[];
}

/** A result of both models. */
export interface ComparedOutput {
  readonly name: string;
  /** Its name in the other model. */
  readonly other: string;
  readonly error: TensorError;
}

/** How a layer was found again: by the names of its values, by what it reads and is, or by its place and weights. */
export type MatchedBy = "name" | "structure" | "weights";

/** A layer of both models. */
export interface ComparedLayer {
  readonly name: string;
  /** Its name in the other model. */
  readonly other: string;
  /** Op of the first model. */
  readonly op: string;
  readonly matchedBy: MatchedBy;
  /** Names of the values that are compared: what the layer passes on, after its bias and clamp. */
  readonly output: string;
  readonly otherOutput: string;
  /** Whether the first model computes it in float. */
  readonly isFloat: boolean;
  /** The same of the other model. */
  readonly otherIsFloat: boolean;
  /** Of the layer's result, with all errors before it. */
  readonly error: TensorError;
  /**
   * SQNR of what the layer adds, in dB: the noise-to-signal ratio of its result less the largest of what it reads, an
   * estimate for layers that pass errors on as they are; null where it adds none.
   */
  readonly added: number | null;
  /**
   * SQNR in dB when each channel (axis 1) of the other model's result may have the best factor of its own; null where
   * factors explain little. Set where ranges were equalized: then the layer is right although its numbers are others.
   */
  readonly upToFactors: number | null;
  /** The first model's values on the codes that the other one has for them; null where the other one has floats. */
  readonly codes: CodeStatistics | null;
  /** Error of the other model's weights, and their codes; null without weights, or where they cannot be compared. */
  readonly weight: ComparedWeight | null;
}

/** The weights of a layer in both models, normalizations folded. */
export interface ComparedWeight {
  readonly error: TensorError;
  /** The first model's weights on the codes of the other one; null where the other one's are floats. */
  readonly codes: CodeStatistics | null;
}

/** A layer of one model only. */
export interface UnmatchedLayer {
  readonly in: "model" | "other";
  readonly name: string;
  readonly op: string;
  readonly reason: string;
}
