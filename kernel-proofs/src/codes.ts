import type { Backend } from "@lowbit/backend-kit";
import { integerRange, Tensor, type DType } from "@lowbit/ir";

/** Which codes a backend's kernels take. */
export interface Codes {
  readonly activation: "uint8" | "int8";
  readonly weight: { readonly dtype: "uint8" | "int8"; readonly zeroPoint: number; readonly reach: number };
  /** Whether weights have a scale per output channel. */
  readonly perChannel: boolean;
}

/** What a backend's table says of codes. */
export function codesOf({ capabilities: { activation, weight } }: Backend): Codes {
  const [low, high] = weight.range;
  const zeroPoint = weight.dtype === "uint8" ? 128 : 0;
  return {
    activation: activation.dtype as Codes["activation"],
    weight: {
      dtype: weight.dtype as Codes["weight"]["dtype"],
      zeroPoint,
      reach: Math.max(high - zeroPoint, zeroPoint - low),
    },
    perChannel: weight.granularity === "channel",
  };
}

/** Numbers in [0, 1) that depend on the seed only (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How the elements of a tensor are chosen. */
export const patterns = ["random", "all lowest", "all highest", "alternating", "in pairs", "all codes"] as const;

export type Pattern = (typeof patterns)[number];

/** Codes over the whole range of a dtype, by a pattern. */
export function codesBy(pattern: Pattern, dtype: DType, dims: readonly number[], seed: number): Tensor {
  const [low, high] = integerRange(dtype);
  const random = randomFrom(seed);
  const size = dims.reduce((product, dim) => product * dim, 1);
  const code: Record<Pattern, (i: number) => number> = {
    random: () => low + Math.floor(random() * (high - low + 1)),
    "all lowest": () => low,
    "all highest": () => high,
    alternating: (i) => (i % 2 === 0 ? low : high),
    "in pairs": (i) => (i % 4 < 2 ? high : low),
    // Beside the codes of another operand, which run through all while these stay.
    "all codes": (i) => low + ((seed % 2 === 0 ? i : Math.floor(i / 256)) % (high - low + 1)),
  };
  return Tensor.of(
    dtype,
    Array.from({ length: size }, (_, i) => code[pattern](i)),
    dims,
  );
}

/**
 * Weights whose first channels are the worst for accumulators of 16 bits: all highest, all lowest, alternating, in pairs
 * of one sign; the others are random. `reach` bounds the distance to the zero point.
 */
export function adversarialWeights(
  { dtype, zeroPoint }: Codes["weight"],
  reach: number,
  dims: readonly number[],
  axis: number,
): Tensor {
  const random = randomFrom(dims.length * 1000 + axis);
  const channels = dims[axis]!;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const seen = Array.from({ length: channels }, () => 0);
  const size = dims.reduce((product, dim) => product * dim, 1);
  const elements = Array.from({ length: size }, (_, i) => {
    const channel = Math.floor(i / inner) % channels;
    const k = seen[channel]!++;
    const signs = [1, -1, k % 2 === 0 ? 1 : -1, k % 4 < 2 ? 1 : -1];
    const offset = channel < 4 ? signs[channel]! * reach : Math.floor(random() * (2 * reach + 1)) - reach;
    return Math.max(integerRange(dtype)[0], Math.min(integerRange(dtype)[1], offset + zeroPoint));
  });
  return Tensor.of(dtype, elements, dims);
}
