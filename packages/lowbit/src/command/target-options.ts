import { Option, type Command } from "commander";
import type { MetricName } from "@lowbit/train";
import type { TargetOptions } from "../target/quantize-to-target.ts";
import { numberFromZero, positiveInteger } from "./parse-values.ts";

/** Options of `quantize` about what the model must still reach. */
export interface TargetCommandOptions {
  readonly targetDrop?: number;
  readonly targetSqnr?: number;
  readonly metric?: MetricName;
  readonly validate?: string;
  readonly searchSamples?: number;
  readonly state?: string;
  readonly mode: string;
  readonly calibrationCache?: string;
}

/** Adds the options about a target. */
export function addTarget(command: Command): Command {
  return command
    .option(
      "--target-drop <POINTS>",
      "leave the fewest and cheapest layers float with which at most so many points of the metric are lost",
      numberFromZero,
    )
    .option("--target-sqnr <DB>", "the same, for the SQNR of the results; needs no targets", numberFromZero)
    .addOption(
      new Option("--metric <name>", "what --target-drop measures (default: accuracy)").choices([
        "accuracy",
        "top5",
        "mse",
      ]),
    )
    .option(
      "--validate <DATA>",
      "what --target-… measures on (default: samples of --calibrate that were not calibrated on)",
    )
    .option(
      "--search-samples <N>",
      "samples that --target-… tries plans with; the chosen one is confirmed on all (default: 1024)",
      positiveInteger,
    )
    .option("--state <FILE>", "keep what --target-… found here; the same command goes on from it after Ctrl-C");
}

/** The target that options name; null if none. */
export function targetOf({ targetDrop, targetSqnr, metric }: TargetCommandOptions): TargetOptions["target"] | null {
  if (targetDrop !== undefined) return { drop: targetDrop, ...(metric ? { metric } : {}) };
  return targetSqnr === undefined ? null : { sqnr: targetSqnr };
}

/** What is wrong with the options about a target; null if nothing is. */
export function targetContradiction(options: TargetCommandOptions): string | null {
  const { targetDrop, targetSqnr, metric, validate, searchSamples, state, mode, calibrationCache } = options;
  if (targetDrop !== undefined && targetSqnr !== undefined) {
    return "--target-drop and --target-sqnr cannot be given together";
  }
  if (targetDrop === undefined && metric !== undefined) return "--metric is for --target-drop";
  if (targetOf(options) === null) {
    const alone = validate !== undefined ? "--validate" : searchSamples !== undefined ? "--search-samples" : null;
    const without = alone ?? (state === undefined ? null : "--state");
    return without === null ? null : `${without} is for --target-drop and --target-sqnr`;
  }
  if (mode !== "static") return `--target-drop and --target-sqnr search plans of --mode static, not of ${mode}`;
  return calibrationCache === undefined
    ? null
    : "--calibration-cache is for one plan; --state keeps what a search found";
}
