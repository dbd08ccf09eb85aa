import { CompileError } from "../diagnostics.ts";
import { encodeElements } from "../tensor-elements.ts";
import { Tensor } from "../tensor.ts";
import { byteLength, elementCount, integerRange, isFloat, isInteger, type DType } from "../types.ts";

/** Largest tensor, in bytes, that is made up. */
const maxBytes = 2 ** 31 - 1;

/**
 * A tensor of made-up elements that depend on the name, the dtype and the dimensions only, made when first read:
 * - floating-point: normal, mean 0, standard deviation 0.1; uniform in [0.5, 1.5) when the name contains `scale`, `var`
 *   or `std` in any case, so that what is divided by or rooted stays positive;
 * - integers: uniform in [-4, 4], or [0, 8] when unsigned, cut to the dtype's range; booleans: 0 or 1;
 * - strings: the name and the index.
 */
export function seeded(name: string, dtype: DType, dims: readonly number[]): Tensor {
  const count = elementCount(dims)!;
  if (dtype === "string") {
    const encoder = new TextEncoder();
    const strings = Array.from({ length: count }, (_, i) => encoder.encode(`${name}_${i}`));
    return new Tensor(dtype, dims, { byteLength: 0, read: () => new Uint8Array() }, strings);
  }
  return lazyTensor(name, dtype, dims, () => generate(name, dtype, count));
}

/** A tensor of zero bits (empty strings), made when first read. */
export function zeros(name: string, dtype: DType, dims: readonly number[]): Tensor {
  const count = elementCount(dims)!;
  if (dtype === "string") {
    const strings = Array.from({ length: count }, () => new Uint8Array());
    return new Tensor(dtype, dims, { byteLength: 0, read: () => new Uint8Array() }, strings);
  }
  return lazyTensor(name, dtype, dims, () => new Uint8Array(byteLength(dtype, count)));
}

function lazyTensor(name: string, dtype: DType, dims: readonly number[], make: () => Uint8Array): Tensor {
  const length = byteLength(dtype, elementCount(dims)!);
  let bytes: Uint8Array | null = null;
  const read = (): Uint8Array => {
    if (length > maxBytes) {
      throw new CompileError({
        code: "text/data",
        severity: "error",
        message: `initializer "${name}" has no data in the text and ${length} bytes are too many to make up`,
        where: { value: name },
      });
    }
    return (bytes ??= make());
  };
  return new Tensor(dtype, dims, { byteLength: length, read });
}

function generate(name: string, dtype: DType, count: number): Uint8Array {
  const random = uniform(hash(name));
  if (dtype.startsWith("complex")) {
    const parts = fill(count * 2, () => 0.1 * normal(random));
    return new Uint8Array((dtype === "complex64" ? Float32Array.from(parts) : parts).buffer);
  }
  if (dtype === "float8e8m0")
    return encodeElements(
      dtype,
      fill(count, () => 2 ** Math.floor(7 * random() - 3)),
    );
  if (isFloat(dtype)) {
    const positive = /scale|var|std/i.test(name);
    return encodeElements(
      dtype,
      fill(count, () => (positive ? 0.5 + random() : 0.1 * normal(random))),
    );
  }
  const [low, high] = rangeOf(dtype);
  return encodeElements(
    dtype,
    fill(count, () => low + Math.floor(random() * (high - low + 1))),
  );
}

function rangeOf(dtype: DType): readonly [number, number] {
  if (!isInteger(dtype)) return [0, 1];
  const [low, high] = dtype.endsWith("64") ? [dtype.startsWith("u") ? 0 : -4, 8] : integerRange(dtype);
  return low < 0 ? [Math.max(low, -4), Math.min(high, 4)] : [0, Math.min(high, 8)];
}

function fill(count: number, next: () => number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = next();
  return values;
}

/** FNV-1a over the UTF-16 units of a name. */
function hash(name: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  return state >>> 0;
}

/** Uniform numbers in [0, 1) from a Weyl sequence through the 32-bit finalizer of MurmurHash3. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let bits = state ^ (state >>> 16);
    bits = Math.imul(bits, 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** One standard normal number by the Box-Muller transform. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
