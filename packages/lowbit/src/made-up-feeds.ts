import { isFloat, isInteger, Tensor, type DType, type Shape, type Value } from "@lowbit/ir";
import { randomStream } from "@lowbit/train";
import type { Feeds, Port } from "@lowbit/runtime";
import { cannotMakeUp } from "./diagnostics.ts";

/** Sizes of axes that a model leaves open: images of 224 by 224, and otherwise one element. */
const openImageSize = 224;

/**
 * Inputs for a model nobody gave data for: floats between 0 and 1, integers 0 or 1, from a fixed seed. The first axis has
 * `batch` elements where the model leaves it open.
 *
 * @throws CompileError `bench/input` for inputs of other types
 */
export function madeUpFeeds(inputs: readonly Port[], batch: number): Feeds {
  return Object.fromEntries(inputs.map(({ name, dtype, shape }) => [name, madeUp(name, dtype, dimsOf(shape, batch))]));
}

/** The shapes that inputs would be made up with, by name; unknown ones are left out. */
export function madeUpShapes(inputs: readonly Value[]): Readonly<Record<string, Shape>> {
  return Object.fromEntries(inputs.flatMap(({ name, shape }) => (shape ? [[name, dimsOf(shape, 1)]] : [])));
}

function dimsOf(shape: Shape, batch: number): readonly number[] {
  return shape.map((dim, axis) => {
    if (typeof dim === "number" && dim >= 0) return dim;
    if (axis === 0) return batch;
    return shape.length === 4 ? openImageSize : 1;
  });
}

function madeUp(name: string, dtype: DType, dims: readonly number[]): Tensor {
  const random = randomStream(1);
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (isFloat(dtype)) return Tensor.of(dtype, Float32Array.from({ length: size }, random), dims);
  if (!isInteger(dtype) && dtype !== "bool") throw cannotMakeUp(name, dtype);
  return Tensor.of(
    dtype,
    Uint8Array.from({ length: size }, () => Math.round(random())),
    dims,
  );
}
