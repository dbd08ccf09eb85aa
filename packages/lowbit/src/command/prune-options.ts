import type { Command } from "commander";
import type { PruningPattern } from "@lowbit/train";
import type { TrainingOptions } from "../training.ts";
import { pruningPattern } from "./parse-values.ts";

/** Which weights `lowbit train` keeps at zero. */
export interface PruningOptions {
  readonly prune?: PruningPattern;
  readonly keepDense?: string;
}

/** Adds the options of pruning. */
export function addPruning(command: Command): Command {
  return command
    .option(
      "--prune <PATTERN>",
      "set weights to zero and keep them there: 2:4, magnitude:0.5 (each weight) or magnitude-all:0.5",
      pruningPattern,
    )
    .option("--keep-dense <GLOBS>", "weights that are not pruned: globs as for --train");
}

/** What is wrong about the options, or null. */
export function pruningMisuse({ prune, keepDense }: PruningOptions): string | null {
  return keepDense !== undefined && !prune ? "--keep-dense needs --prune" : null;
}

/** The settings that options ask for. */
export function pruningFrom({ prune, keepDense = "" }: PruningOptions): Pick<TrainingOptions, "prune"> {
  if (!prune) return {};
  const except = keepDense.split(",").map((glob) => glob.trim());
  return { prune: { pattern: prune, except: except.filter((glob) => glob !== "") } };
}
