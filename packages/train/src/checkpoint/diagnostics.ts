import { CompileError } from "@lowbit/ir";

/** A run is to go on from a folder in which nothing was saved. */
export function nothingToResume(folder: string): CompileError {
  return new CompileError({
    code: "train/nothing-to-resume",
    severity: "error",
    message: `"${folder}" holds no checkpoint to go on from`,
    where: { file: folder },
    help: "give the folder the run was saved in; to begin anew, leave out --resume",
  });
}

/** A run is to begin anew in a folder in which another one, or an earlier start of it, was saved. */
export function checkpointInTheWay(folder: string): CompileError {
  return new CompileError({
    code: "train/checkpoint-exists",
    severity: "error",
    message: `"${folder}" holds the checkpoint of a run, which this one would write over`,
    where: { file: folder },
    help: "to go on with that run, resume it (--resume); to begin anew, give another folder or delete this one",
  });
}
