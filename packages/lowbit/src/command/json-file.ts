import { readFileSync } from "node:fs";
import type { CompileError } from "@lowbit/ir";

/** What a JSON file holds. @param bad makes the error for a file that cannot be read or is no JSON */
export function readJsonFile(path: string, bad: (path: string, message: string) => CompileError): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw bad(path, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // Node quotes the file, which may be anything.
    throw bad(path, `it is no JSON (${(error as Error).message.replaceAll(/[\p{Cc}\s]+/gu, " ")})`);
  }
}
