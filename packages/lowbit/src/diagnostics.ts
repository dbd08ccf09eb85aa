import { CompileError, type Diagnostic, type DType } from "@lowbit/ir";

/** A model runs with one batch size only, and another one was asked for. */
export function batchConflict(model: string, fixed: number, batch: number): CompileError {
  return new CompileError({
    code: "bench/batch",
    severity: "error",
    message: `"${model}" runs with batches of ${fixed} only, not of ${batch}`,
    where: { file: model },
    help: "give the model's batch, or export the model with a dynamic batch dimension",
  });
}

/** A model input whose elements cannot be made up. */
export function cannotMakeUp(input: string, dtype: DType): CompileError {
  return new CompileError({
    code: "bench/input",
    severity: "error",
    message: `values of ${dtype} for input "${input}" cannot be made up`,
    where: { value: input },
  });
}

/** What to say when a model does not run on inputs that were made up; null for any other error. */
export function refusedMadeUpInputs(error: unknown, severity: Diagnostic["severity"]): Diagnostic | null {
  if (!(error instanceof CompileError) || error.diagnostic.code !== "runtime/run") return null;
  return {
    code: "runtime/made-up",
    severity,
    message: `what runs on integers is not known, since the model does not run on made-up inputs: ${error.diagnostic.message}`,
    help: "give a sample that it takes: with --data to verify, with --calibrate to quantize",
  };
}

/** An output path that is a folder, or in none. */
export function badOutput(path: string, reason: string): CompileError {
  return new CompileError({
    code: "file/write",
    severity: "error",
    message: `the file cannot be written: ${reason}`,
    where: { file: path },
  });
}

/** A model is made, and the place it should go to does not take it. @param rescued the file that it is in instead, if any */
export function modelElsewhere(path: string, message: string, rescued: string | null): CompileError {
  return new CompileError({
    code: "file/write",
    severity: "error",
    message,
    where: { file: path },
    help:
      rescued === null
        ? "nor could a temporary folder take the model: make room and run the command again, with --resume if its run is saved"
        : `nothing is lost: the model is in "${rescued}", move it from there`,
  });
}

/** A file that goes with a model cannot be written, and the model is. */
export function modelIsWritten({ diagnostic }: CompileError, output: string): CompileError {
  return new CompileError({ ...diagnostic, help: `nothing else is lost: the model is written, to "${output}"` });
}

/** Most weights that a message lists. */
const mostWeights = 4;

/** Weights that do not take the pattern that the others are pruned by, with the reasons; nothing where all do. */
export function weightsNotPruned(
  skipped: readonly { readonly name: string; readonly reason: string }[],
): readonly Diagnostic[] {
  if (skipped.length === 0) return [];
  const shown = skipped.slice(0, mostWeights).map(({ name, reason }) => `${name} (${reason})`);
  const more = skipped.length > mostWeights ? ` and ${skipped.length - mostWeights} more` : "";
  const are = skipped.length === 1 ? "weight is" : "weights are";
  return [
    {
      code: "train/not-pruned",
      severity: "warning",
      message: `${skipped.length} ${are} not pruned: ${shown.join(", ")}${more}`,
    },
  ];
}

/** Metrics cannot be written any more, while the training goes on. */
export function metricsEnd(path: string, reason: string): Diagnostic {
  return {
    code: "train/metrics",
    severity: "warning",
    message: `the metrics end here: they cannot be written any more: ${reason}`,
    where: { file: path },
    help: "the training goes on without them",
  };
}

/** A training was stopped before its end. @param folder where its state is, if anywhere */
export function trainingStopped(step: number, folder: string | null): CompileError {
  return new CompileError({
    code: "train/stopped",
    severity: "error",
    message: `training was stopped at step ${step}; ${folder === null ? "nothing was saved" : `its state is in "${folder}"`}`,
    help:
      folder === null ? "a checkpoint folder lets a run go on later" : "run the same command with --resume to go on",
  });
}

/** A module that should export a loss and does not. */
export function badLossModule(path: string, reason: string): CompileError {
  return new CompileError({
    code: "train/loss-module",
    severity: "error",
    message: `the loss cannot be used: ${reason}`,
    where: { file: path },
    help: "export default ({ op, outputs, target }) => op.ReduceMean([op.Abs([op.Sub([outputs[0], target])])], { keepdims: 0 })",
  });
}

/** A file of kernel costs that cannot be read. */
export function badCostsFile(path: string, message: string): CompileError {
  return new CompileError({
    code: "backend/costs",
    severity: "error",
    message: `kernel costs: ${message}`,
    where: { file: path },
    help: "`lowbit bench --calibrate-costs FILE` measures them on this machine",
  });
}

/** A plan file that cannot be read. */
export function badPlanFile(path: string, message: string): CompileError {
  return new CompileError({
    code: "plan/bad-file",
    severity: "error",
    message: `plan: ${message}`,
    where: { file: path },
    help: "`lowbit quantize --save-plan` writes a plan to start from",
  });
}

/** A plan of the user asks for codes that the backend has no kernels for: such nodes compute in float between conversions. */
export function beyondKernels(backend: string, problems: readonly string[]): Diagnostic {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return {
    code: "backend/no-kernel",
    severity: "warning",
    message: `${backend} cannot run all of the plan on integers: ${problems[0]}${more}`,
    help: "the file is right and computes these nodes in float; for smaller files alone there is --mode weight-only",
  };
}

/** A command was stopped while it measured for its report. @param output the model, which is written */
export function reportStopped(report: string, output: string): CompileError {
  return new CompileError({
    code: "report/stopped",
    severity: "error",
    message: `stopped before the report was made; it is not written, but the model is, to "${output}"`,
    where: { file: report },
    help: "run the command again to get the report",
  });
}

/** An analysis was stopped while it measured for its report. @param state where its findings are, if anywhere */
export function analysisReportStopped(report: string, state: string | null): CompileError {
  const kept = state === null ? "what the analysis found is lost" : `what the analysis found is in "${state}"`;
  return new CompileError({
    code: "report/stopped",
    severity: "error",
    message: `stopped before the report was made, which is not written; ${kept}`,
    where: { file: report },
    help: state === null ? "a state file (--state FILE) keeps it for the next run" : "run the same command to go on",
  });
}

/** Curves of an earlier run in a checkpoint folder that cannot be read. */
export function badCurvesFile(path: string, message: string): CompileError {
  return new CompileError({
    code: "train/checkpoint",
    severity: "error",
    message: `curves of the run before: ${message}`,
    where: { file: path },
    help: "delete the file: the report then begins where the run is resumed",
  });
}

/** A training follows a plan that was made for a model to which something else was done first. */
export function improvementsNotTrained(names: readonly string[]): Diagnostic {
  return {
    code: "plan/not-improved",
    severity: "warning",
    message: `the plan was made with ${names.join(" and ")}, which a training does not do: it starts from the float model as it is`,
    help: "scales that the plan fixes may fit it less well; a plan of another quantization, without --improve, has none of that",
  };
}
