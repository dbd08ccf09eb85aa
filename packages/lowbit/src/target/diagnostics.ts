import { CompileError, type Diagnostic } from "@lowbit/ir";

/** No plan with a layer on integers reaches a target. @param best what the best of them reached, in words */
export function targetNotMet(target: string, best: string, tried: number): CompileError {
  return new CompileError({
    code: "target/not-met",
    severity: "error",
    message: `no plan reaches ${target}: the best of ${tried} that were tried has ${best}`,
    help: "allow more, improve the model first (--improve equalize), or calibrate with more data; nothing was written",
  });
}

/** A metric was asked for of data that has no targets. */
export function dropWithoutTargets(): CompileError {
  return new CompileError({
    code: "data/no-targets",
    severity: "error",
    message: "the data has no targets, so what a metric loses cannot be measured",
    help: "--target-sqnr needs no targets; or give data with targets (`y` in an .npz) with --validate",
  });
}

/** The data of the search is that of the calibration. */
export function sameData(samples: number): Diagnostic {
  return {
    code: "target/same-data",
    severity: "warning",
    message: `plans are tried on the ${samples} samples that the ranges are calibrated with, which flatters them`,
    help: "give other data with --validate, or calibrate with fewer of them (--samples N)",
  };
}

/** The cheapest plan within a target costs more than the float model. */
export function floatIsCheaper(chosen: number, float: number): Diagnostic {
  return {
    code: "target/float-is-cheaper",
    severity: "warning",
    message: `by the costs of kernels the float model takes ${float.toPrecision(3)} µs and this one ${chosen.toPrecision(3)} µs`,
    help: "with so few layers on integers the conversions cost more than is saved; allow more, or stay with the float model",
  };
}

/** A file that is no state of a search. */
export function badSearchState(path: string): CompileError {
  return new CompileError({
    code: "target/state",
    severity: "error",
    message: "the file is no state of a search, and is left as it is",
    where: { file: path },
    help: "name a file that does not exist yet",
  });
}

/** A state of another search. */
export function searchStateOfOther(path: string): CompileError {
  return new CompileError({
    code: "target/state",
    severity: "error",
    message: "the state is of a search with another model, data or settings",
    where: { file: path },
    help: "delete the file, or name another one",
  });
}

/** A search was stopped before its end. @param state where its results are, if anywhere */
export function searchStopped(tried: number, state: string | null): CompileError {
  const kept = state === null ? "nothing was kept" : `what it found is in "${state}"`;
  return new CompileError({
    code: "target/stopped",
    severity: "error",
    message: `the search was stopped after ${tried} plan${tried === 1 ? "" : "s"}; ${kept}`,
    help: state === null ? "a state file (--state FILE) lets a run go on later" : "run the same command to go on",
  });
}
