import type { Builder, GraphEditor, Value } from "@lowbit/ir";
import type { TrainableParameter } from "./trainable-parameter.ts";

/** What one parameter's update works with; all values have the parameter's shape unless noted. */
export interface UpdateContext {
  readonly op: Builder;
  readonly editor: GraphEditor;
  /** A tensor that training moves; small parameters of one group are packed into one vector. */
  readonly parameter: Value;
  readonly gradient: Value;
  /** The parameters that the tensor holds, in their order; usually one. */
  readonly holds: readonly TrainableParameter[];
  /** The optimizer's memory for this parameter, by slot name. */
  readonly slots: Readonly<Record<string, Value>>;
  /** The step's numbers by name, each a tensor [1]. */
  readonly hyper: Readonly<Record<string, Value>>;
}

/** The parameter and its slots after the step. */
export interface Update {
  readonly parameter: Value;
  readonly slots: Readonly<Record<string, Value>>;
}

/** How parameters move against their gradients: a piece of graph per parameter, and numbers that change per step. */
export interface Optimizer {
  /** With `hyperAt`, tells optimizers apart: a checkpoint of one does not go on with another. */
  readonly name: string;
  /** Tensors of the parameter's shape kept between steps, starting at zero. */
  readonly slots: readonly string[];
  /** Names of the numbers a step is fed. */
  readonly hyper: readonly string[];
  /** The numbers of one step. @param step counts from 1 @param learningRate already scheduled */
  hyperAt(step: number, learningRate: number): readonly number[];
  /** A number per kind of update that the optimizer makes; parameters of different numbers are never packed together. */
  groupOf?(parameter: TrainableParameter): number;
  /** Builds the nodes that move one tensor of parameters by one step. */
  update(context: UpdateContext): Update;
  /** Slot that holds the average over steps of each parameter, where there is one. */
  readonly average?: string;
}
