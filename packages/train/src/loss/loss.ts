import { verifyGraph, type Builder, type DType, type GraphEditor, type Tensor, type Value } from "@lowbit/ir";
import { badLossGraph, noValue } from "./diagnostics.ts";

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
  /** Tells losses with other settings apart: a checkpoint of one does not go on with another. */
  readonly name: string;
  /** Element type of the target; null when the loss needs none. */
  readonly targetDType: DType | null;
  /** Shape of one batch of targets for a model whose first output has the given shape. */
  targetShape(output: readonly number[]): readonly number[];
  /** Adds the loss to the graph; the result is a scalar, a mean over the batch. */
  attach(context: LossContext): Value;
  /**
   * How much the mean over one batch weighs when means of batches are put together (accumulation): what `attach` divides
   * by. Default: the batch's samples.
   */
  weightOf?(target: Tensor): number;
  /**
   * Looks at a batch of targets before the step gets it.
   *
   * @param output shape of the model's first output
   * @throws CompileError for targets that the loss has no meaning for
   */
  checkTarget?(target: Tensor, output: readonly number[]): void;
}

/** What a loss compares the model's first output with: class indices, numbers in the output's shape, or nothing. */
export type TargetKind = "class" | "value" | "none";

/** The target's type and shape, for a loss that takes targets of a kind. */
export function targetOf(kind: TargetKind): Pick<Loss, "targetDType" | "targetShape"> {
  switch (kind) {
    case "class":
      return { targetDType: "int64", targetShape: ([batch, , ...positions]) => [batch!, ...positions] };
    case "value":
      return { targetDType: "float", targetShape: (output) => output };
    case "none":
      return { targetDType: null, targetShape: () => [] };
  }
}

/** Adds a loss to a graph. @throws CompileError `train/bad-loss` when it gives no value of the graph */
export function attached(loss: Loss, context: LossContext): Value {
  const value = valueOf(loss.attach(context), loss.name, context);
  const mistake = value.dtype === null ? verifyGraph(context.editor.graph).at(-1) : undefined;
  if (mistake) throw badLossGraph(loss.name, mistake);
  return value;
}

/** What a caller's function returned, which only TypeScript's compiler has looked at. */
function valueOf(result: Value | undefined, name: string, { editor }: LossContext): Value {
  if (result && editor.graph.value(result.name) === result) return result;
  throw noValue(name);
}

/** How a loss of one's own is given to `customLoss`. */
export interface CustomLossOptions {
  /** Names the loss in messages and checkpoints; change it when the formula changes. */
  readonly name: string;
  /** Default: `value`. */
  readonly targets?: TargetKind;
  /** Adds the loss to the graph. A result of more than one number is averaged. */
  readonly attach: (context: LossContext) => Value;
}

/** A loss of one's own, written with the builder: any graph from outputs, inputs and target to one number. */
export function customLoss({ name, targets = "value", attach }: CustomLossOptions): Loss {
  return {
    name: `custom:${name}`,
    ...targetOf(targets),
    attach(context) {
      const value = valueOf(attach(context), name, context);
      return value.shape?.length === 0 ? value : context.op.ReduceMean([value], { keepdims: 0 });
    },
  };
}
