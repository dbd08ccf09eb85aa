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

/** A run is to go on with another version of lowbit. @param saved the version it began with, null for one that did not write it down */
export function otherVersion(path: string, saved: string | null, own: string): CompileError {
  const by = saved === null ? "an earlier version of lowbit" : `lowbit ${saved}`;
  return new CompileError({
    code: "train/other-version",
    severity: "error",
    message: `"${path}" was saved by ${by}, and this is lowbit ${own}, whose steps may end with other weights`,
    where: { file: path },
    help: "resume with the version that the run was started with, or begin anew in another folder",
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
