import type { Tensor } from "@lowbit/ir";
import type { CodeStatistics } from "./code-statistics.ts";
import type { TensorError } from "./error-sums.ts";

/** What a model does with some layers quantized and others float. */
export interface Ablation {
  /** Of the model's results against those of the float model, in dB; null where they are equal. */
  readonly sqnr: number | null;
  /** The model's own metric; null without targets. */
  readonly metric: number | null;
}

/** What quantization does to one layer. */
export interface LayerAnalysis {
  readonly name: string;
  readonly op: string;
  /** Nodes of the model that it was made of. */
  readonly origins: readonly string[];
  /** Names of the nodes of the optimized float model that run in it. */
  readonly nodes: readonly string[];
  /** Name of the value it gives. */
  readonly output: string;
  /** Multiply-accumulates for one sample; 0 for ops without weights and where shapes are unknown. */
  readonly macs: number;
  /** Error of its result when it alone is quantized. */
  readonly isolated: TensorError;
  /** Error of its result in the quantized model. */
  readonly cumulative: TensorError;
  /** The model with only this layer quantized; null when ablation was not asked for. */
  readonly quantizedAlone: Ablation | null;
  /** The quantized model with this layer left float. */
  readonly leftFloat: Ablation | null;
  readonly weight: CodeStatistics | null;
}

/** What quantization does to the activations of one value. */
export interface ValueAnalysis extends CodeStatistics {
  readonly name: string;
  /** Names of the layers that give and read it as codes. */
  readonly layers: readonly string[];
}

/** Where the error of a quantized model comes from. */
export interface Analysis {
  readonly samples: number;
  readonly float: Ablation;
  readonly quantized: Ablation;
  /** Of the results of the quantized model. */
  readonly output: TensorError;
  /** In graph order. */
  readonly layers: readonly LayerAnalysis[];
  readonly values: readonly ValueAnalysis[];
}

/** Collects one number over a batch; the mean over batches, weighted by samples, is the metric. */
export interface AnalysisMeasure {
  /** Takes in the results of one batch. @param count how many leading samples count; the rest is padding */
  add(output: Tensor, target: Tensor, count: number): void;
  /** The measure over all samples so far. */
  value(): number;
}
