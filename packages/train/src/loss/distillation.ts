import { GraphEditor, inlineGraph, cloneGraph, Tensor, type Graph, type Value } from "@lowbit/ir";
import { badLossSetting, teacherMismatch } from "../diagnostics.ts";
import { singleClass } from "./diagnostics.ts";
import { scalar } from "../legalize/legalization.ts";
import { onScores, scoresBehind } from "./scores.ts";
import type { Loss } from "./loss.ts";

/** Settings of `distillation`. */
export interface DistillationOptions {
  /** Softens both distributions; larger shows more of what the teacher finds similar. Default 2. */
  readonly temperature?: number;
  /** A loss against the labels, mixed in. Default: none, and no labels are needed. */
  readonly task?: Loss;
  /** Share of the task loss, 0 to 1. Default 0.5 when there is one. */
  readonly taskShare?: number;
}

/**
 * Lets a model answer as another one does (Hinton, Vinyals and Dean 2015): T² · the mean over the batch of
 * KL(softmax(teacher/T) ‖ softmax(student/T)) of scores, classes along axis 1; of models that end in Softmax, the scores before it. The teacher is a float model of the same inputs and
 * outputs; it becomes part of the step's graph and is not trained.
 *
 * @throws CompileError `train/bad-loss` for settings out of range; when attached, for a teacher of other inputs or classes
 */
export function distillation(teacher: Graph, options: DistillationOptions = {}): Loss {
  const { temperature = 2, task, taskShare = task ? 0.5 : 0 } = options;
  if (!(temperature > 0 && temperature < Infinity)) throw badLossSetting("temperature", temperature, "above 0");
  if (!(taskShare >= 0 && taskShare <= 1)) throw badLossSetting("the task's share", taskShare, "from 0 to 1");
  if (taskShare > 0 && !task) throw badLossSetting("the task's share", taskShare, "0 where there is no task loss");
  const frozen = cloneGraph(teacher).graph;
  const freezer = new GraphEditor(frozen);
  for (const value of frozen.initializers) freezer.setRole(value, "constant");
  freezer.setOutputs([scoresBehind(frozen.outputs[0]!, "Softmax")]);
  return {
    name: `distill:${temperature}${task ? `:${task.name}:${taskShare}` : ""}`,
    targetDType: task?.targetDType ?? null,
    targetShape: (output) => task?.targetShape(output) ?? [],
    scoresBehind: "Softmax",
    attach(context) {
      const { op, editor, inputs, outputs } = onScores(context, "Softmax");
      checkTeacher(frozen, inputs, outputs);
      if (outputs[0]!.shape?.[1] === 1) throw singleClass(outputs[0]!, "distill");
      const soften = scalar(editor, 1 / temperature, "per_temperature");
      const logShares = (scores: Value): Value => op.LogSoftmax([op.Mul([scores, soften])], { axis: 1 });
      const wanted = logShares(inlineGraph(editor, frozen, inputs)[0]!);
      const difference = op.Sub([wanted, logShares(outputs[0]!)]);
      const axes = editor.initializer(Tensor.of("int64", [1]), "classes_axis");
      const divergence = op.ReduceSum([op.Mul([op.Exp([wanted]), difference]), axes], { keepdims: 0 });
      const share = scalar(editor, (1 - taskShare) * temperature * temperature, "teacher_share");
      const fromTeacher = op.Mul([op.ReduceMean([divergence], { keepdims: 0 }), share]);
      if (!task) return fromTeacher;
      return op.Add([fromTeacher, op.Mul([task.attach(context), scalar(editor, taskShare, "task_share")])]);
    },
    checkTarget: (target, output) => task?.checkTarget?.(target, output),
  };
}

function checkTeacher(teacher: Graph, inputs: readonly Value[], outputs: readonly Value[]): void {
  if (teacher.inputs.length !== inputs.length) {
    throw teacherMismatch(`it takes ${teacher.inputs.length} inputs, and the model ${inputs.length}`);
  }
  const [own, wanted] = [outputs[0]!.shape?.[1], teacher.outputs[0]!.shape?.[1]];
  if (typeof own === "number" && typeof wanted === "number" && own !== wanted) {
    throw teacherMismatch(`it tells ${wanted} classes apart, and the model ${own}`);
  }
}
