import { statfsSync, statSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { systemReason, WholeFile } from "@lowbit/ir";
import { badOutput } from "../diagnostics.ts";
import { bytesText } from "./format/quantities.ts";
import { isOpenFile } from "./metrics-file.ts";

/** Refuses an output that cannot be written, before the work that would be lost. @throws CompileError `file/write` */
export function checkWritable(path: string): void {
  if (isFolder(path)) throw badOutput(path, "it is a folder");
  if (!isFolder(dirname(path))) throw badOutput(path, `there is no folder "${dirname(path)}"`);
  new WholeFile(path).discard();
}

/** As `checkWritable`, for a file that is written line by line: a pipe, a device or standard output will do too. */
export function checkAppendable(path: string): void {
  const there = found(path);
  if (!there?.isFIFO() && !there?.isCharacterDevice() && !isOpenFile(path)) checkWritable(path);
}

/**
 * Refuses an output that the disk has certainly no room for, before the work that would be lost.
 *
 * @param least bytes that the file takes at least
 * @throws CompileError `file/write`
 */
export function checkRoom(path: string, least: number): void {
  const { blocks, bavail, bsize } = statfsSync(dirname(path));
  // Some file systems do not count.
  if (blocks === 0 || bavail * bsize >= least) return;
  throw badOutput(path, `its disk has ${bytesText(bavail * bsize)} left, and it takes at least ${bytesText(least)}`);
}

function isFolder(path: string): boolean {
  return found(path)?.isDirectory() ?? false;
}

/** What is there; undefined for nothing. @throws CompileError `file/write` for a path that can have nothing */
function found(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw badOutput(path, systemReason(error));
  }
}
