import { Graph, GraphEditor, tensorType, type Model, newModel, type Tensor, type Value } from "@lowbit/ir";
import { legalize } from "../legalize/legalize.ts";
import { assign, liftState, type StateSlot } from "./assign.ts";
import { cleanUp } from "./clean-up.ts";
import { differentiate, type MovingTensor } from "./differentiate.ts";
import type { Part } from "./pack-parameters.ts";
import type { TrainStep, TrainStepOptions } from "./train-step.ts";
import { addUpdates, zeros, type UpdateOptions } from "./update.ts";

/** A parameter between the two parts of a step: its shape, and what it holds. */
export type DividedTensor = Omit<MovingTensor, "parameter" | "gradient"> & {
  readonly name: string;
  readonly initial: Tensor;
  /** State slot of the first part that holds the sum of its gradients. */
  readonly sum: string;
};

/** The first part of a step. */
export interface GradientStep {
  /** `hyper` is the weight of the batch's gradients; the state holds their sums, and what moves without an optimizer. */
  readonly step: TrainStep;
  readonly tensors: readonly DividedTensor[];
}

/**
 * The first part of a training step, as a step of its own: adds the gradients of one batch, times a weight, to sums, and
 * moves BatchNormalization and observer state. Parameters are inputs.
 *
 * @throws CompileError as `trainStep`
 */
export function gradientStep(model: Graph, options: TrainStepOptions): GradientStep {
  const { graph, editor, data, target, output, moving, packed } = differentiate(model, options);
  const weight = editor.input(graph.names.fresh("weight"), tensorType("float", [1]));
  const sums = moving.map(({ parameter, gradient, parts }) => {
    const sum = zeros(editor, parameter, `${parameter.name}.gradient`);
    packed.set(
      sum.name,
      parts.map((part) => ({ ...part, name: `${part.name}.gradient` })),
    );
    assign(editor, sum, editor.op.Add([sum, editor.op.Mul([gradient, weight])]));
    return sum.name;
  });
  const tensors = moving.map(({ parameter: { name, initializer }, parts, holds }, index) => ({
    name,
    initial: initializer!,
    parts,
    holds,
    sum: sums[index]!,
  }));
  cleanUp(graph);
  legalize(graph, options.block, options.integerForward !== undefined);
  cleanUp(graph);
  for (const { name } of tensors) editor.initializerToInput(graph.value(name)!);
  const state = liftState(graph, packed);
  const [loss, targetName] = [graph.outputs[0]!.name, target?.name ?? null];
  const fixed = tensors.map(({ name }) => name);
  return {
    step: { graph, data, target: targetName, hyper: weight.name, loss, output, state, fixed },
    tensors,
  };
}

/** The second part of a step: inputs are the sums, `divisor`, `hyper` and the state, outputs the next state. */
export interface UpdateStep {
  readonly model: Model;
  readonly divisor: string;
  readonly hyper: string;
  readonly state: readonly StateSlot[];
}

/** The second part of a training step: moves parameters by sums of gradients divided by the sum of their weights. */
export function updateStep(tensors: readonly DividedTensor[], options: UpdateOptions): UpdateStep {
  const graph = new Graph("update");
  const editor = new GraphEditor(graph);
  const { op } = editor;
  const divisor = editor.input("divisor", tensorType("float", [1]));
  const packed = new Map<string, readonly Part[]>();
  const moving = tensors.map((tensor): MovingTensor => {
    const { name, initial, parts, holds } = tensor;
    const sum: Value = editor.input(tensor.sum, tensorType("float", initial.dims));
    const parameter = editor.initializer(initial, name, "parameter");
    return { parameter, gradient: op.Div([sum, divisor]), parts, holds };
  });
  const hyper = addUpdates(editor, moving, options, packed);
  cleanUp(graph);
  const state = liftState(graph, packed);
  return { model: newModel(graph), divisor: divisor.name, hyper: hyper.name, state };
}
