import type { Model } from "@lowbit/ir";
import { heldOut } from "../target/held-out.ts";
import { sameData } from "../target/diagnostics.ts";
import { quantizeToTarget, type QuantizedToTarget, type TargetOptions } from "../target/quantize-to-target.ts";
import type { Dataset } from "@lowbit/train";
import { openData, targetsFor, type NormalizationOptions } from "./data-options.ts";
import { timeLeft } from "./format/quantities.ts";
import type { Job } from "./job.ts";
import { checkWritable } from "./output-file.ts";
import { targetOf, type TargetCommandOptions } from "./target-options.ts";

/** Options of the command that a search needs. */
interface SearchCommandOptions extends TargetCommandOptions, NormalizationOptions {
  readonly calibrate?: string;
  readonly samples: number;
  readonly prefer: "speed" | "integer";
}

/** Quantizes to the target of the command's options, with progress and the time that is left. */
export async function searchTarget(
  { terminal, interruptions }: Job<unknown>,
  model: Model,
  settings: Omit<TargetOptions, "target" | "validate">,
  { options, calibration }: { readonly options: SearchCommandOptions; readonly calibration: Dataset },
): Promise<QuantizedToTarget> {
  const { state, searchSamples } = options;
  const target = targetOf(options)!;
  if (state !== undefined) checkWritable(state);
  const { validate, isCalibrated } = await validationData(model, options, calibration);
  if (isCalibrated) terminal.report(sameData(Math.min(options.samples, calibration.size ?? Infinity)));
  let begun: { readonly kind: string; readonly at: number } = { kind: "", at: 0 };
  const found = await interruptions.guard((signal) =>
    quantizeToTarget(model, {
      ...settings,
      target,
      validate,
      signal,
      objective: options.prefer === "integer" ? "integers" : "latency",
      ...(state === undefined ? {} : { state }),
      ...(searchSamples === undefined ? {} : { searchSamples }),
      onProgress: (step) => {
        if (step.kind !== begun.kind) begun = { kind: step.kind, at: performance.now() };
        if (step.kind === "plans") {
          const { tried, left: most } = step;
          if (most === null) return terminal.progress(`trying plan ${tried + 1}`);
          const share = tried / (tried + most);
          terminal.progress(`trying plan ${tried + 1}, at most ${most} to go${left(begun.at, share)}`);
          return;
        }
        const what = step.kind === "ranges" ? "finding ranges to cut" : "finding the noise of each layer";
        terminal.progress(`${what}: ${Math.round(100 * step.share)} %${left(begun.at, step.share)}`);
      },
    }),
  );
  for (const finding of found.diagnostics) terminal.report(finding);
  return found;
}

function left(started: number, share: number): string {
  return share <= 0 ? "" : `, ${timeLeft(started, share)} left`;
}

/** What plans are measured on: data of its own, else what the calibration leaves, else the calibration's. */
async function validationData(
  model: Model,
  options: SearchCommandOptions,
  calibration: Dataset,
): Promise<{ readonly validate: Dataset; readonly isCalibrated: boolean }> {
  const { validate, calibrate, metric, samples, targetDrop } = options;
  const targets = targetDrop === undefined ? undefined : targetsFor(metric ?? "accuracy");
  if (validate !== undefined) {
    return { validate: await openData(validate, model, options, targets), isCalibrated: false };
  }
  const labelled = targets === undefined ? calibration : await openData(calibrate!, model, options, targets);
  const rest = heldOut(labelled, samples);
  return { validate: rest ?? labelled, isCalibrated: rest === null };
}
