import { Graph, GraphEditor, tensorType, type Dim, type Model, newModel, type Value } from "@lowbit/ir";
import { blockedDomain } from "@lowbit/runtime";
import type { TrainStep } from "./train-step.ts";

/**
 * Many training steps as one model: a Scan whose state variables are the training state. Inputs are the state under its
 * names with `.in`, and the step's data, target and hyper inputs, as `.steps`, with the number of steps as a new first
 * axis; outputs are the state after the last step and, last, the losses [steps]. Inputs that stay the same are given once.
 *
 * State crosses into JavaScript once per run instead of once per step, which is what makes small steps fast. A Scan
 * writes the last step's state where it is returned, and holds at most two more generations of it. The step's graph
 * becomes the body: it is taken over, not copied.
 */
export function scanSteps(step: TrainStep): Model {
  const { graph: body } = step;
  const outer = new Graph("train", null, body);
  const editor = new GraphEditor(outer);
  const inner = new GraphEditor(body);

  for (const name of step.fixed ?? []) {
    const inside = body.value(name)!;
    inner.replaceAllUses(inside, editor.input(outer.names.fresh(`${name}.in`), inside.type));
    inner.removeInput(inside);
  }
  const carried = step.state.map((slot) => body.value(slot.name)!);
  const fed = [...step.data, ...(step.target === null ? [] : [step.target]), step.hyper].map((name) =>
    body.value(name)!,
  );
  inner.orderInputs([...carried, ...fed]);
  inner.setOutputs([...step.state.map((slot) => body.value(slot.next)!), body.value(step.loss)!]);

  const stacked = fed.map((inside) => editor.input(outer.names.fresh(`${inside.name}.steps`), stackedType(inside)));
  const initial = step.state.map((slot) => editor.input(outer.names.fresh(`${slot.name}.in`), slot.initial.type));
  const scan = editor.node(
    "Scan",
    [...initial, ...stacked],
    { body, num_scan_inputs: stacked.length },
    { outputs: step.state.length + 1 },
  );
  for (const value of scan.outputs) editor.output(value!);
  const model = newModel(outer);
  for (const domain of ["com.microsoft", blockedDomain]) model.opsets.set(domain, 1);
  return model;
}

function stackedType(value: Value): ReturnType<typeof tensorType> {
  const steps: Dim = "steps";
  return tensorType(value.dtype!, value.shape && [steps, ...value.shape]);
}
