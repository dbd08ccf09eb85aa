import { GraphEditor, inlineGraph, cloneGraph, Tensor, type Graph, type Value } from "@lowbit/ir";
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
 * KL(softmax(teacher/T) ‖ softmax(student/T)), classes along axis 1. The teacher is a float model of the same inputs and
 * outputs; it becomes part of the step's graph and is not trained.
 */
export function distillation(teacher: Graph, options: DistillationOptions = {}): Loss {
  const { temperature = 2, task, taskShare = task ? 0.5 : 0 } = options;
  const frozen = cloneGraph(teacher).graph;
  const freezer = new GraphEditor(frozen);
  for (const value of frozen.initializers) freezer.setRole(value, "constant");
  return {
    name: `distill:${temperature}${task ? `:${task.name}:${taskShare}` : ""}`,
    targetDType: task?.targetDType ?? null,
    targetShape: (output) => task?.targetShape(output) ?? [],
    attach(context) {
      const { op, editor, inputs, outputs } = context;
      const constant = (value: number, name: string): Value => editor.initializer(Tensor.scalar("float", value), name);
      const soften = constant(1 / temperature, "per_temperature");
      const logShares = (scores: Value): Value => op.LogSoftmax([op.Mul([scores, soften])], { axis: 1 });
      const wanted = logShares(inlineGraph(editor, frozen, inputs)[0]!);
      const difference = op.Sub([wanted, logShares(outputs[0]!)]);
      const axes = editor.initializer(Tensor.of("int64", [1]), "classes_axis");
      const divergence = op.ReduceSum([op.Mul([op.Exp([wanted]), difference]), axes], { keepdims: 0 });
      const share = constant((1 - taskShare) * temperature * temperature, "teacher_share");
      const fromTeacher = op.Mul([op.ReduceMean([divergence], { keepdims: 0 }), share]);
      if (!task) return fromTeacher;
      return op.Add([fromTeacher, op.Mul([task.attach(context), constant(taskShare, "task_share")])]);
    },
  };
}
