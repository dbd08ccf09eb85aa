import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The ONNX files in a folder and the folders inside it, sorted. */
export function onnxFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => join(folder, name))
    .toSorted();
}
