import type { Builder, DType, GraphEditor, Value } from "@lowbit/ir";

/** What a loss is attached to. */
export interface LossContext {
  readonly op: Builder;
  readonly editor: GraphEditor;
  /** The model's inputs, in order. */
  readonly inputs: readonly Value[];
  /** The model's outputs, in order. */
  readonly outputs: readonly Value[];
  /** What the outputs should have been: the data's `y`; null for a loss without targets. */
  readonly target: Value | null;
}

/** A training objective: a piece of graph from the model's outputs and a target to one number, lower is better. */
export interface Loss {
  readonly name: string;
  /** Element type of the target; null when the loss needs none. */
  readonly targetDType: DType | null;
  /** Shape of one batch of targets for a model whose first output has the given shape. */
  targetShape(output: readonly number[]): readonly number[];
  /** Adds the loss to the graph; the result is a scalar, a mean over the batch. */
  attach(context: LossContext): Value;
}
