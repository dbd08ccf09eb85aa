import { statSync } from "node:fs";
import { dirname } from "node:path";
import { WholeFile } from "@lowbit/ir";
import { badOutput } from "../diagnostics.ts";

/** Refuses an output that cannot be written, before the work that would be lost. @throws CompileError `file/write` */
export function checkWritable(path: string): void {
  if (isFolder(path)) throw badOutput(path, "it is a folder");
  if (!isFolder(dirname(path))) throw badOutput(path, `there is no folder "${dirname(path)}"`);
  new WholeFile(path).discard();
}

/** As `checkWritable`, for a file that is written line by line: a pipe or a device will do too. */
export function checkAppendable(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there?.isFIFO() && !there?.isCharacterDevice()) checkWritable(path);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
