import { bitsPerElement, isFloat, isInteger, type DType, type Tensor } from "@lowbit/ir";
import { elementsOf, int64Tensor, isWide, newElements, tensorOf } from "../arrays/elements.ts";
import { groupsAlong, reducedDims } from "../arrays/regroup.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { integers } from "./shape.ts";

/** A fold over the elements of a group; `finish` sees the number of elements. */
interface Fold<T extends number | bigint> {
  /** The result of an empty group; null when there is none. */
  readonly start: (dtype: DType) => T | null;
  readonly step: (sum: T, x: T) => T;
  readonly finish?: (sum: T, count: number) => T;
}

interface Reduction {
  readonly number: Fold<number>;
  /** Exact 64-bit form; without it 64-bit integers are reduced as float64. */
  readonly bigint?: Fold<bigint>;
}

const reduction =
  ({ number, bigint }: Reduction): Kernel =>
  (call) => {
    const x = call.tensor(0);
    const axes = axesOf(call, x);
    const dims = reducedDims(x.dims, axes, call.node.int("keepdims", 1) === 1);
    if (isWide(x.dtype) && bigint) return reduce(call, x, axes, dims, bigint, elementsOf(x) as BigInt64Array);
    return reduce(call, x, axes, dims, number, x.numbers());
  };

function reduce<T extends number | bigint>(
  call: KernelCall,
  x: Tensor,
  axes: readonly number[],
  dims: readonly number[],
  fold: Fold<T>,
  elements: ArrayLike<number | bigint>,
): Tensor {
  const { bases, members } = groupsAlong(x.dims, axes);
  const start = fold.start(x.dtype);
  if (members.length === 0 && start === null)
    call.fail(`reduces an empty set of [${x.dims.join(",")}], which has no value`);
  const results = newElements(typeof start === "bigint" ? "int64" : "double", bases.length);
  for (let group = 0; group < bases.length; group++) {
    let sum = start ?? (elements[bases[group]! + members[0]!] as T);
    for (let i = start === null ? 1 : 0; i < members.length; i++) {
      sum = fold.step(sum, elements[bases[group]! + members[i]!] as T);
    }
    results[group] = (fold.finish ? fold.finish(sum, members.length) : sum) as never;
  }
  return tensorOf(
    x.dtype,
    dims,
    isInteger(x.dtype) && !(results instanceof BigInt64Array) ? truncated(results) : results,
  );
}

function truncated(values: ReturnType<typeof newElements>): Float64Array {
  return (values as Float64Array).map(Math.trunc);
}

/** The axes a reduction runs over: operand 1, all, or none, where each element is a group of its own. */
function axesOf(call: KernelCall, x: Tensor): readonly number[] {
  const given = call.optional(1);
  const rank = x.dims.length;
  if (given !== null && given.size > 0) return integers(given).map((axis) => call.axis(axis, rank));
  return call.node.int("noop_with_empty_axes", 0) === 1 ? [] : x.dims.map((_, axis) => axis);
}

const zero = (): number => 0;
const zeroBig = (): bigint => 0n;
const one = (): number => 1;
const add = (sum: number, x: number): number => sum + x;
const addBig = (sum: bigint, x: bigint): bigint => sum + x;
const max = (a: number, b: number): number => (a > b || Number.isNaN(a) ? a : b);
const min = (a: number, b: number): number => (a < b || Number.isNaN(a) ? a : b);

/** The end of a dtype's range that loses every comparison: what the extremum of nothing is. */
function extreme(dtype: DType, sign: 1 | -1): number | null {
  if (isFloat(dtype)) return sign * Infinity;
  if (dtype === "bool") return sign > 0 ? 1 : 0;
  const bits = bitsPerElement(dtype);
  if (dtype.startsWith("u")) return sign > 0 ? 2 ** bits - 1 : 0;
  return sign > 0 ? 2 ** (bits - 1) - 1 : -(2 ** (bits - 1));
}

function extremeBig(dtype: DType, sign: 1 | -1): bigint {
  const bits = 64n;
  if (dtype === "uint64") return sign > 0 ? (1n << bits) - 1n : 0n;
  return sign > 0 ? (1n << (bits - 1n)) - 1n : -(1n << (bits - 1n));
}

const squared = (sum: number, x: number): number => sum + x * x;
const magnitude = (sum: number, x: number): number => sum + Math.abs(x);

/** `log Σ eˣ`, shifted by the largest element so that nothing overflows. */
const logSumExp: Kernel = (call) => {
  const x = call.tensor(0);
  const axes = axesOf(call, x);
  const { bases, members } = groupsAlong(x.dims, axes);
  const elements = x.numbers();
  const results = Float64Array.from(bases, (base) => {
    const group = Float64Array.from(members, (member) => elements[base + member]!);
    const largest = group.reduce(max, -Infinity);
    if (!Number.isFinite(largest)) return largest;
    return largest + Math.log(group.reduce((sum, element) => sum + Math.exp(element - largest), 0));
  });
  return tensorOf(x.dtype, reducedDims(x.dims, axes, call.node.int("keepdims", 1) === 1), results);
};

/** The index of the largest or smallest element along one axis, the first or the last of equal ones. */
const argument =
  (better: (a: number | bigint, b: number | bigint) => boolean): Kernel =>
  (call) => {
    const x = call.tensor(0);
    const axis = call.axis(call.node.int("axis", 0), x.dims.length);
    const last = call.node.int("select_last_index", 0) === 1;
    const { bases, members } = groupsAlong(x.dims, [axis]);
    if (members.length === 0) call.fail(`axis ${axis} of [${x.dims.join(",")}] is empty`);
    const elements = elementsOf(x);
    const indices = Array.from(bases, (base) => {
      let best = 0;
      for (let i = 1; i < members.length; i++) {
        const a = elements[base + members[i]!]!;
        const b = elements[base + members[best]!]!;
        if (better(a, b) || (last && a === b)) best = i;
      }
      return best;
    });
    return int64Tensor(indices, reducedDims(x.dims, [axis], call.node.int("keepdims", 1) === 1));
  };

/** Reductions over axes; sums in float64 (bigint for 64-bit integers), rounded once. */
export const reductionKernels = {
  ReduceSum: reduction({ number: { start: zero, step: add }, bigint: { start: zeroBig, step: addBig } }),
  ReduceProd: reduction({
    number: { start: one, step: (product, x) => product * x },
    bigint: { start: () => 1n, step: (product, x) => product * x },
  }),
  ReduceMean: reduction({ number: { start: zero, step: add, finish: (sum, count) => sum / count } }),
  ReduceMax: reduction({
    number: { start: (dtype) => extreme(dtype, -1), step: max },
    bigint: { start: (dtype) => extremeBig(dtype, -1), step: (a, b) => (a > b ? a : b) },
  }),
  ReduceMin: reduction({
    number: { start: (dtype) => extreme(dtype, 1), step: min },
    bigint: { start: (dtype) => extremeBig(dtype, 1), step: (a, b) => (a < b ? a : b) },
  }),
  ReduceL1: reduction({
    number: { start: zero, step: magnitude },
    bigint: { start: zeroBig, step: (sum, x) => sum + (x < 0n ? -x : x) },
  }),
  ReduceL2: reduction({ number: { start: zero, step: squared, finish: Math.sqrt } }),
  ReduceSumSquare: reduction({
    number: { start: zero, step: squared },
    bigint: { start: zeroBig, step: (sum, x) => sum + x * x },
  }),
  ReduceLogSum: reduction({ number: { start: zero, step: add, finish: Math.log } }),
  ReduceLogSumExp: logSumExp,
  ArgMax: argument((a, b) => a > b),
  ArgMin: argument((a, b) => a < b),
} satisfies Readonly<Record<string, Kernel>>;
