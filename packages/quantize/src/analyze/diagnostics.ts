import { CompileError } from "@lowbit/ir";

/** A model was to be analyzed of which nothing is quantized. */
export function nothingToAnalyze(backend: string): CompileError {
  return new CompileError({
    code: "analyze/nothing-quantized",
    severity: "error",
    message: `no layer of the model is quantized for ${backend}, so there is nothing to analyze`,
    help: "`lowbit inspect --backend` says why each node stays float",
  });
}

/** An analysis got no batch. */
export function noAnalysisData(): CompileError {
  return new CompileError({
    code: "analyze/no-data",
    severity: "error",
    message: "the analysis got no data: the data set is empty",
  });
}

/** A value was not a number, or infinite. */
export function valueNotFinite(value: string, batch: number): CompileError {
  return new CompileError({
    code: "analyze/not-finite",
    severity: "error",
    message: `"${value}" is NaN or infinite in batch ${batch} (the first is 0)`,
    where: { value },
    help: "look for broken samples in that batch, or for inputs that are not scaled as the model expects",
  });
}

/** A state file that is none. */
export function badAnalysisState(path: string): CompileError {
  return new CompileError({
    code: "analyze/state",
    severity: "error",
    message: "the file is no state of an analysis, and is left as it is",
    where: { file: path },
    help: "name a file that does not exist yet",
  });
}

/** A state file of another analysis. @param what of it is another one */
export function analysisStateOfOther(path: string, what: string): CompileError {
  return new CompileError({
    code: "analyze/state",
    severity: "error",
    message: `the state is of an analysis of ${what}`,
    where: { file: path },
    help: "delete the file, or name another one",
  });
}

/** An analysis was stopped before its end. @param state where its finished batches are, if anywhere */
export function analysisStopped(batches: number, state: string | null): CompileError {
  const kept = state === null ? "nothing was kept" : `what they showed is in "${state}"`;
  return new CompileError({
    code: "analyze/stopped",
    severity: "error",
    message: `the analysis was stopped after ${batches} finished batch${batches === 1 ? "" : "es"}; ${kept}`,
    help: state === null ? "a state file (--state FILE) lets a run go on later" : "run the same command to go on",
  });
}

/** A value whose scale is found at run time has no grid to analyze. */
export function scaleOfEachRun(value: string): CompileError {
  return new CompileError({
    code: "analyze/dynamic-scale",
    severity: "error",
    message: `the scale of "${value}" is found at run time, so its codes cannot be analyzed`,
    where: { value },
    help: "analyze a quantization with calibrated ranges",
  });
}
