import { statSync } from "node:fs";
import { tensorsOf, type Model } from "@lowbit/ir";

/** Bytes of a model's file and of the data files beside it that it uses. */
export function modelFileBytes(path: string, model: Model): number {
  const external = new Map<string, number>();
  for (const { source } of tensorsOf(model)) {
    if (source.external) external.set(`${source.external.path}:${source.external.offset}`, source.byteLength);
  }
  return statSync(path).size + [...external.values()].reduce((sum, bytes) => sum + bytes, 0);
}
