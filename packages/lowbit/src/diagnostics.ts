import { CompileError, type DType } from "@lowbit/ir";

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

/** An output path that is a folder. */
export function outputIsFolder(path: string): CompileError {
  return new CompileError({
    code: "file/write",
    severity: "error",
    message: "the file cannot be written: it is a folder",
    where: { file: path },
  });
}
