import { Graph, GraphEditor, tensorType, type Dim, type Model, newModel, type Shape, type Value } from "@lowbit/ir";
import type { TrainStep } from "./train-step.ts";

/**
 * Many training steps as one model: a Loop whose carried values are the state. Inputs are the state under its names, and
 * the step's data, target and hyper inputs with the number of steps as a new first axis; outputs are the losses [steps]
 * under the loss's name, and the state after the last step under `next` names. Inputs that stay the same are given once.
 *
 * State crosses into JavaScript once per run instead of once per step, which is what makes small steps fast. The step's
 * graph becomes the body: it is taken over, not copied.
 */
export function loopSteps(step: TrainStep): Model {
  const { graph: body } = step;
  const outer = new Graph("train", null, body);
  const editor = new GraphEditor(outer);
  const inner = new GraphEditor(body);
  const first = body.nodes.first;

  const iteration = inner.input(body.names.fresh("iteration"), tensorType("int64", []));
  const going = inner.input(body.names.fresh("going"), tensorType("bool", []));
  const feeds = new Map<string, Value>();
  for (const name of [...step.data, ...(step.target === null ? [] : [step.target]), step.hyper]) {
    const inside = body.value(name)!;
    const stacked = editor.input(outer.names.fresh(`${name}.steps`), stackedType(inside));
    feeds.set(name, stacked);
    const slice = inner.before(first).op.Gather([stacked, iteration], { axis: 0 }, { name: `${name}_step` });
    inner.setType(slice, inside.type);
    inner.replaceAllUses(inside, slice);
    inner.removeInput(inside);
  }
  for (const name of step.fixed ?? []) {
    const inside = body.value(name)!;
    inner.replaceAllUses(inside, editor.input(outer.names.fresh(`${name}.in`), inside.type));
    inner.removeInput(inside);
  }
  const carried = step.state.map((slot) => body.value(slot.name)!);
  inner.orderInputs([iteration, going, ...carried]);
  const loss = body.value(step.loss)!;
  const next = step.state.map((slot) => body.value(slot.next)!);
  inner.setOutputs([inner.before(null).op.Identity([going]), ...next, loss]);

  const initial = step.state.map((slot) => editor.input(outer.names.fresh(`${slot.name}.in`), slot.initial.type));
  const count = editor.op.Gather([editor.op.Shape([feeds.get(step.hyper)!]), scalarIndex(editor)]);
  const loop = editor.node("Loop", [count, null, ...initial], { body }, { outputs: step.state.length + 1 });
  for (const value of loop.outputs) editor.output(value!);
  const model = newModel(outer);
  model.opsets.set("com.microsoft", 1);
  return model;
}

function stackedType(value: Value): ReturnType<typeof tensorType> {
  const shape: Shape | null = value.shape;
  const steps: Dim = "steps";
  return tensorType(value.dtype!, shape && [steps, ...shape]);
}

function scalarIndex(editor: GraphEditor): Value {
  return editor.op.Constant([], { value_int: 0 });
}
