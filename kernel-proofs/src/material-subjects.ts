import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "@lowbit/backend-kit";
import { CompileError, isFloat, loadModel, seeded, Tensor, type DType, type Model, type Value } from "@lowbit/ir";
import { deployModel, integerOperators, quantizeModel } from "@lowbit/quantize";
import type { Feeds } from "@lowbit/runtime";
import type { Subject } from "./subject.ts";

/** Sizes of image axes that a model leaves open; other open axes have one element. */
const openImageSize = 32;

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
    const inputs = model.graph.inputs.filter((value) => !value.initializer);
    const data = [0, 1].map((index) => feedsOf(inputs, (name, dtype, dims) => seeded(`${name}${index}`, dtype, dims)));
    const { model: qdq, prepared } = await quantizeModel(model, { backend, data });
    const integers = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
    const feeds = [feedsOf(inputs, (name, dtype, dims) => seeded(`${name}9`, dtype, dims)), feedsOf(inputs, extremes)];
    return hasCodes(qdq) ? { name: path, forms: { qdq, integers }, feeds } : "nothing of it runs on integers";
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.message;
    throw error;
  }
}

function feedsOf(
  inputs: readonly Value[],
  make: (name: string, dtype: DType, dims: readonly number[]) => Tensor,
): Feeds {
  return Object.fromEntries(inputs.map((value) => [value.name, make(value.name, value.dtype!, dimsOf(value))]));
}

function dimsOf({ shape }: Value): readonly number[] {
  return (shape ?? []).map((dim, axis) =>
    typeof dim === "number" ? dim : axis >= 2 && shape?.length === 4 ? openImageSize : 1,
  );
}

/** Elements far outside what was calibrated with, which saturate at both ends by turns of three. */
function extremes(name: string, dtype: DType, dims: readonly number[]): Tensor {
  if (!isFloat(dtype)) return seeded(name, dtype, dims);
  const size = dims.reduce((product, dim) => product * dim, 1);
  return Tensor.of(
    dtype,
    Float32Array.from({ length: size }, (_, i) => (i % 6 < 3 ? 10 : -10)),
    dims,
  );
}

function hasCodes({ graph }: Model): boolean {
  return [...graph.nodes].some((node) => node.is("QuantizeLinear"));
}
