import { isFloat, isInteger, Tensor, type Shape } from "@lowbit/ir";
import { badLabel, badTargets, countMismatch } from "../../diagnostics.ts";
import type { DataOptions } from "../data-options.ts";
import { fitSampleShape } from "./sample-shape.ts";

/** Brings the targets of a batch into the form that losses and metrics take. */
export type FitTarget = (target: Tensor, samples: number, firstSample: number) => Tensor;

/**
 * What has to be done to `y`: class indices become int64 [N, ...positions] inside the classes of the model's output
 * [N, classes, ...positions]; values become float in the shape of the output.
 *
 * @returns null when the targets are not wanted; the function throws CompileError `data/count`, `data/targets`, `data/label`
 */
export function fitTarget(options: DataOptions, source: string): FitTarget | null {
  const output = options.output ?? null;
  if (options.targets === undefined) return null;
  if (options.targets === "value") return (target, samples) => values(target, samples, output, source);
  return (target, samples, firstSample) => {
    const labels = classIndices(target, samples, output, source);
    checkLabels(labels, firstSample, classCount(output), source);
    return labels;
  };
}

/** The number of classes an output [N, classes, ...] tells apart; null when unknown. */
export function classCount(output: Shape | null): number | null {
  const classes = output?.[1];
  return typeof classes === "number" ? classes : null;
}

function values(target: Tensor, samples: number, output: Shape | null, source: string): Tensor {
  checkCount(target, samples, source);
  if (!isNumeric(target)) throw badTargets(`are ${target.dtype}, not numbers`, source);
  if (output === null || output.length === 0) return asFloat(target);
  const fitted = fitSampleShape(target.dims.slice(1), output.slice(1));
  if ("reason" in fitted) {
    const what = `[${target.dims.join(",")}] do not fit the model's output [${output.join(",")}]: ${fitted.reason}`;
    const areIndices = isInteger(target.dtype) && target.size === samples;
    throw badTargets(areIndices ? `${what}; they look like class indices, which cross-entropy takes` : what, source);
  }
  return asFloat(target.reshape([samples, ...fitted.dims]));
}

function classIndices(target: Tensor, samples: number, output: Shape | null, source: string): Tensor {
  checkCount(target, samples, source);
  if (!isNumeric(target)) throw badTargets(`are ${target.dtype}, not class indices`, source);
  const positions = target.dims.slice(1);
  const fitted = output === null ? { dims: positions } : fitSampleShape(positions, output.slice(2));
  if ("reason" in fitted) {
    const oneHot = target.dims.length === 2 && target.dims[1] === classCount(output);
    const what = `[${target.dims.join(",")}] are not one class index per sample`;
    throw badTargets(oneHot ? `${what}; they look one-hot: give the index of the 1 instead` : what, source);
  }
  const dims = [samples, ...fitted.dims];
  if (target.dtype === "int64") return target.reshape(dims);
  const numbers = target.numbers();
  const indices = new BigInt64Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    if (!Number.isInteger(numbers[i])) throw badTargets(`hold ${numbers[i]}, which is no class index`, source);
    indices[i] = BigInt(numbers[i]!);
  }
  return Tensor.fromTyped("int64", dims, indices);
}

function checkLabels(labels: Tensor, firstSample: number, classes: number | null, source: string): void {
  const indices = labels.typed() as BigInt64Array;
  const perSample = indices.length / Math.max(1, labels.dims[0]!);
  const limit = classes === null ? null : BigInt(classes);
  for (let i = 0; i < indices.length; i++) {
    const label = indices[i]!;
    if (label >= 0n && (limit === null || label < limit)) continue;
    throw badLabel(label, firstSample + Math.floor(i / perSample), classes, source);
  }
}

function checkCount(target: Tensor, samples: number, source: string): void {
  if (target.dims[0] !== samples) throw countMismatch(samples, target.dims[0] ?? 1, "`y`", source);
}

function isNumeric({ dtype }: Tensor): boolean {
  return isFloat(dtype) || isInteger(dtype) || dtype === "bool";
}

function asFloat(tensor: Tensor): Tensor {
  return tensor.dtype === "float" ? tensor : Tensor.fromTyped("float", tensor.dims, tensor.floats());
}
