import type { Tensor } from "@lowbit/ir";
import type { Batch } from "../data/dataset.ts";
import { stack } from "../data/stack.ts";
import { missingTargets } from "../diagnostics.ts";
import type { Loss } from "../loss/loss.ts";
import type { TrainStep } from "../step/train-step.ts";

/**
 * What a run of steps is fed of its batches: a tensor for each input and for the targets, one entry per step.
 *
 * @throws CompileError `data/no-targets`, and as `Loss.checkTarget`
 */
export function batchFeeds(
  { data, target, output }: Pick<TrainStep, "data" | "target" | "output">,
  batches: readonly Batch[],
  loss: Loss,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  if (target !== null) feeds[`${target}.steps`] = stack(batches.map((batch) => checkedTarget(batch, output, loss)));
  for (const name of data) feeds[`${name}.steps`] = stack(batches.map((batch) => batch.inputs[name]!));
  return feeds;
}

function checkedTarget({ target }: Batch, output: readonly number[], loss: Loss): Tensor {
  if (!target) throw missingTargets();
  loss.checkTarget?.(target, output);
  return target;
}
