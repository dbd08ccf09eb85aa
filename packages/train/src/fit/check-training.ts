import type { Graph } from "@lowbit/ir";
import { missingTargets } from "../diagnostics.ts";
import { differentiate } from "../step/differentiate.ts";
import type { FitOptions } from "./fit-options.ts";
import { checkCheckpointOf } from "./saver.ts";

/**
 * Throws what `fit` would throw before its first step, without loading anything: for those who have long work to do
 * before they call it. Gradients are derived and thrown away.
 *
 * @throws CompileError `train/checkpoint`, `train/checkpoint-exists`, `train/nothing-to-resume`, `train/other-version`,
 *   `train/other-training` for settings that differ, `data/no-targets`, and what `trainStep` throws
 */
export function checkTraining(graph: Graph, options: Omit<FitOptions, "validate" | "phases">): void {
  const { data, loss, optimizer, batch = 32, microBatch, parameters, frozen } = options;
  checkCheckpointOf(options);
  checkTargets(options);
  const most = Math.min(batch, options.samples ?? batch, data.size ?? batch);
  differentiate(graph, {
    loss,
    optimizer,
    batch: microBatch ?? most,
    ...(parameters ? { parameters } : {}),
    ...(frozen ? { frozen } : {}),
  });
}

/** @throws CompileError `data/no-targets` for a loss that needs targets, and data without */
export function checkTargets({ data, loss }: Pick<FitOptions, "data" | "loss">): void {
  if (loss.targetDType !== null && !data.hasTargets) throw missingTargets();
}
