import { CompileError } from "@lowbit/ir";

/** A metric was asked of data that has no targets. */
export function metricWithoutTargets(metric: string): CompileError {
  return new CompileError({
    code: "data/no-targets",
    severity: "error",
    message: `the data has no targets, so ${metric} cannot be measured`,
    help: "leave the metric away to analyze the error of the results, or give data with targets (`y` in an .npz)",
  });
}
