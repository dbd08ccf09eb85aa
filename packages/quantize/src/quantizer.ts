import type { Graph, Shape } from "@lowbit/ir";
import { defaultPipeline, type Pass } from "@lowbit/rewrite";
import type { QuantPlan } from "./plan/plan.ts";

/** What the user asks of an annotation. */
export interface AnnotateOptions {
  /** Patterns of nodes (by name, or by the name of a result) that stay float; `*` stands for any text. */
  readonly keepFloat?: readonly string[];
  /** Whether the weights will change after the plan is made, as in training, so that it may not depend on them. */
  readonly weightsChange?: boolean;
  /**
   * Shapes that inputs have in use, by name: what pays can depend on the size of axes that the model leaves open. The first
   * axis is the batch and tells nothing.
   */
  readonly inputShapes?: Readonly<Record<string, Shape>>;
}

/** Decides what to quantize and how; pure, it changes nothing. */
export interface Quantizer {
  readonly name: string;
  /** The plan for a graph: what is quantized and how, and why the rest is not. */
  annotate(graph: Graph, options?: AnnotateOptions): QuantPlan;
}

/** The part of a backend that quantization needs. */
export interface QuantizationBackend {
  /** As in `x86` or `x86:avx2`; written into the models made for it. */
  readonly name: string;
  readonly quantizer: Quantizer;
  /**
   * Passes over the optimized float graph before it is planned: what the backend has no kernel for, in terms of what it has.
   * They may move constant weights, so training does without them. Default: none.
   */
  readonly legalize?: readonly Pass[];
  /** From a graph with QuantizeLinear and DequantizeLinear to what the backend runs. */
  readonly lower: readonly Pass[];
}

/** The passes from a float model to the one that a backend plans for inference: the float optimizations, and its own. */
export function floatPipeline({ legalize = [] }: Pick<QuantizationBackend, "legalize">): readonly Pass[] {
  return [...defaultPipeline, ...legalize];
}
