import {
  elementCount,
  isFloat,
  verifyGraph,
  type Builder,
  type DType,
  type GraphEditor,
  type Tensor,
  type Value,
} from "@lowbit/ir";
import { badLossGraph, lossNotScalar, noValue } from "./diagnostics.ts";

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

/** What makes probabilities of scores: of classes, or of each by itself. */
export type ToProbabilities = "Softmax" | "Sigmoid";

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
   * That the loss compares the scores behind this op, where it is the last one of the model, and not the probabilities
   * that it makes of them. Default: what is compared is the first output as it is.
   */
  readonly scoresBehind?: ToProbabilities;
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

/**
 * Adds a loss to a graph; the result is a scalar.
 *
 * @throws CompileError `train/bad-loss` when it gives no value of the graph, `train/loss-not-scalar`
 */
export function attached(loss: Loss, context: LossContext): Value {
  return oneNumber(valueOf(loss.attach(context), loss.name, context), loss.name, null, context);
}

/** What a caller's function returned, which only TypeScript's compiler has looked at. */
function valueOf(result: Value | undefined, name: string, { editor }: LossContext): Value {
  if (result && editor.graph.value(result.name) === result) return result;
  throw noValue(name);
}

/**
 * What a loss gave as a scalar. One number may have axes (ONNX keeps those that it reduces unless told otherwise).
 *
 * @param rows how many numbers are averaged as one number each of that many samples; null: none are
 * @throws CompileError `train/bad-loss` for a value without type, `train/loss-not-scalar`
 */
function oneNumber(value: Value, name: string, rows: number | null, { op, editor }: LossContext): Value {
  const { dtype, shape } = value;
  const mistake = dtype === null ? verifyGraph(editor.graph).at(-1) : undefined;
  if (mistake) throw badLossGraph(name, mistake);
  const isPerSample = shape?.length === 1 && shape[0] === rows;
  const isNumber = dtype !== null && isFloat(dtype) && (elementCount(shape) === 1 || isPerSample);
  if (!isNumber) throw lossNotScalar(value, name, rows);
  return shape!.length === 0 ? value : op.ReduceMean([value], { keepdims: 0 });
}

/** How a loss of one's own is given to `customLoss`. */
export interface CustomLossOptions {
  /** Names the loss in messages and checkpoints; change it when the formula changes. */
  readonly name: string;
  /** Default: `value`. */
  readonly targets?: TargetKind;
  /**
   * Adds the loss to the graph: one number, a mean over the batch, or one number for each sample, [batch], which are
   * averaged. Any other shape is an error, for it is seldom meant: what is left in it may have to be summed.
   */
  readonly attach: (context: LossContext) => Value;
}

/**
 * A loss of one's own, written with the builder: any graph from outputs, inputs and target to one number, or to one for
 * each row of the first output.
 *
 * @throws CompileError when attached, `train/loss-not-scalar`
 */
export function customLoss({ name, targets = "value", attach }: CustomLossOptions): Loss {
  return {
    name: `custom:${name}`,
    ...targetOf(targets),
    attach(context) {
      const rows = context.outputs[0]!.shape?.[0];
      const value = valueOf(attach(context), name, context);
      return oneNumber(value, name, typeof rows === "number" ? rows : null, context);
    },
  };
}
