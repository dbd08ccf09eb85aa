import { badCostsFile } from "../diagnostics.ts";
import { readJsonFile } from "./json-file.ts";

/** Reads kernel costs; the backend that uses them checks what they say. @throws CompileError `backend/costs` */
export function readCostsFile(path: string): unknown {
  return readJsonFile(path, badCostsFile);
}
