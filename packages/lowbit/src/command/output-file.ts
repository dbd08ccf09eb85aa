import { statSync } from "node:fs";
import { dirname } from "node:path";
import { tensorsOf, WholeFile, type Model } from "@lowbit/ir";
import { badOutput } from "../diagnostics.ts";

/** Refuses an output that cannot be written, before the work that would be lost. @throws CompileError `file/write` */
export function checkWritable(path: string): void {
  if (isFolder(path)) throw badOutput(path, "it is a folder");
  if (!isFolder(dirname(path))) throw badOutput(path, `there is no folder "${dirname(path)}"`);
  new WholeFile(path).discard();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Bytes of a model's file and of the data files beside it that it uses. */
export function modelFileBytes(path: string, model: Model): number {
  const external = new Map<string, number>();
  for (const { source } of tensorsOf(model)) {
    if (source.external) external.set(`${source.external.path}:${source.external.offset}`, source.byteLength);
  }
  return statSync(path).size + [...external.values()].reduce((sum, bytes) => sum + bytes, 0);
}
