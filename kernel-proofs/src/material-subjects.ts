import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "@lowbit/backend-kit";
import { CompileError, loadModel, type Model } from "@lowbit/ir";
import { deployModel, integerOperators, quantizeModel } from "@lowbit/quantize";
import { extremeInputs, seededInputs } from "@lowbit/test-models";
import type { Subject } from "./subject.ts";

/** The model files below a folder, as paths relative to it. */
export function modelFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".onnx"))
    .sort();
}

/** Of the files with one network in several forms of export only one. */
export function onePerNetwork(paths: readonly string[]): readonly string[] {
  const network = (path: string): string => path.replace(/\.(bn|fused|train)\..*$|(_simplified)?\.onnx$/, "");
  return paths.filter((path, i) => paths.findIndex((other) => network(other) === network(path)) === i);
}

/**
 * A model file quantized for a backend, with inputs it was not calibrated on, one of them at the ends of the range seen; or
 * why it has no integer part.
 */
export async function materialSubject(folder: string, path: string, backend: Backend): Promise<Subject | string> {
  try {
    const model = loadModel(join(folder, path));
    const data = [0, 1].map((index) => seededInputs(model, index));
    const { model: qdq, prepared } = await quantizeModel(model, { backend, data });
    const integers = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
    const feeds = [seededInputs(model, 9), extremeInputs(model)];
    return hasCodes(qdq) ? { name: path, forms: { qdq, integers }, feeds } : "nothing of it runs on integers";
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.message;
    throw error;
  }
}

function hasCodes({ graph }: Model): boolean {
  return [...graph.nodes].some((node) => node.is("QuantizeLinear"));
}
