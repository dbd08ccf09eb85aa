import type { Graph } from "@lowbit/ir";
import { legalize } from "../legalize/legalize.ts";
import { liftState, type StateSlot } from "./assign.ts";
import { cleanUp } from "./clean-up.ts";
import { differentiate, type DifferentiateOptions } from "./differentiate.ts";
import { addUpdates, type UpdateOptions } from "./update.ts";

/** What a training step is made of. */
export interface TrainStepOptions extends DifferentiateOptions, UpdateOptions {
  /**
   * Channels per block of ONNX Runtime's blocked layout on the machine that will run the step (`channelBlock` of
   * `@lowbit/runtime`). Default 1: the step is of ops that run everywhere.
   */
  readonly block?: number;
}

/**
 * One training step as a plain ONNX graph: inputs are the model's inputs, `target`, `hyper` (the optimizer's numbers)
 * and the state; outputs are the loss and the next state.
 */
export interface TrainStep {
  readonly graph: Graph;
  readonly data: readonly string[];
  /** Null when the loss needs no targets. */
  readonly target: string | null;
  readonly hyper: string;
  readonly loss: string;
  /** Shape of the model's first output. */
  readonly output: readonly number[];
  readonly state: readonly StateSlot[];
  /** Inputs that stay the same from step to step. Default: none. */
  readonly fixed?: readonly string[];
}

/**
 * Composes the training step of a model: loss, gradient, clipping, update and the movement of BatchNormalization and
 * observer state, cleaned up and written in the formulations that run fastest.
 *
 * @throws CompileError `train/no-parameters`, `autodiff/no-gradient`, `shape/mismatch` when the batch does not fit
 */
export function trainStep(model: Graph, options: TrainStepOptions): TrainStep {
  const { graph, editor, data, target, output, moving, packed } = differentiate(model, options);
  const hyper = addUpdates(editor, moving, options, packed);
  cleanUp(graph);
  legalize(graph, options.block, options.integerForward !== undefined);
  cleanUp(graph);
  const state = liftState(graph, packed);
  const [loss, targetName] = [graph.outputs[0]!.name, target?.name ?? null];
  return { graph, data, target: targetName, hyper: hyper.name, loss, output, state };
}
