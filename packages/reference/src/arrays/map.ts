import type { DType, Tensor } from "@lowbit/ir";
import type { KernelCall } from "../kernel.ts";
import { elementsOf, isWide, newElements, tensorOf, type Elements } from "./elements.ts";
import { broadcastDims, broadcastIndices, sameDims } from "./indices.ts";

/** A function of one element; `bigint` serves 64-bit integers, which are otherwise computed as numbers. */
export interface UnaryFunction {
  readonly number: (x: number) => number;
  readonly bigint?: (x: bigint) => bigint;
}

/** A function of two elements, for numbers and for 64-bit integers. */
export interface BinaryFunction<N = number, B = bigint> {
  readonly number: (a: number, b: number) => N;
  readonly bigint: (a: bigint, b: bigint) => B;
}

/** Applies a function to every element, in float64 or bigint; the result has the operand's dtype. */
export function mapTensor(x: Tensor, f: UnaryFunction): Tensor {
  if (!isWide(x.dtype) || !f.bigint) return tensorOf(x.dtype, x.dims, x.numbers().map(f.number));
  const from = elementsOf(x) as BigInt64Array;
  const to = newElements(x.dtype, from.length) as BigInt64Array;
  for (let i = 0; i < from.length; i++) to[i] = f.bigint(from[i]!);
  return tensorOf(x.dtype, x.dims, to);
}

/** Applies a function to pairs of broadcast elements; the result has the given dtype. */
export function mapPairs(
  call: KernelCall,
  a: Tensor,
  b: Tensor,
  f: BinaryFunction<number | boolean, bigint | boolean>,
  dtype: DType = a.dtype,
): Tensor {
  requireSameDType(call, a, b);
  const { dims, left, right } = pairUp(call, a, b);
  const xs = elementsOf(a);
  const ys = elementsOf(b);
  const apply = (isWide(a.dtype) ? f.bigint : f.number) as (x: never, y: never) => number;
  const results = newElements(dtype, left?.length ?? xs.length);
  // A comparison of wide integers gives a boolean, arithmetic on them a bigint: what the result's array holds.
  for (let i = 0; i < results.length; i++) {
    results[i] = apply(xs[left ? left[i]! : i] as never, ys[right ? right[i]! : i] as never);
  }
  return tensorOf(dtype, dims, results);
}

/** The broadcast shape of two operands and their places in it; null places mean "the same order". */
export function pairUp(
  call: KernelCall,
  a: Tensor,
  b: Tensor,
): { readonly dims: readonly number[]; readonly left: Int32Array | null; readonly right: Int32Array | null } {
  if (sameDims(a.dims, b.dims)) return { dims: a.dims, left: null, right: null };
  const dims = broadcast(call, a, b);
  return { dims, left: broadcastIndices(a.dims, dims), right: broadcastIndices(b.dims, dims) };
}

/** @throws CompileError `reference/invalid-node` unless all operands have the dtype of the first. */
export function requireSameDType(call: KernelCall, first: Tensor, ...others: readonly (Tensor | null)[]): void {
  const other = others.find((tensor) => tensor && tensor.dtype !== first.dtype);
  if (other) call.fail(`operands are ${first.dtype} and ${other.dtype}, but must have one dtype`);
}

/** The broadcast shape of operands. @throws CompileError `reference/invalid-node` when there is none. */
export function broadcast(call: KernelCall, ...operands: readonly Tensor[]): readonly number[] {
  const shapes = operands.map((operand) => operand.dims);
  const text = (): string => shapes.map((shape) => `[${shape.join(",")}]`).join(" and ");
  return broadcastDims(...shapes) ?? call.fail(`shapes ${text()} cannot be broadcast`);
}

/** Elements of an operand as it appears in a broadcast result. */
export function broadcastElements(x: Tensor, dims: readonly number[]): Elements {
  const own = elementsOf(x);
  if (sameDims(x.dims, dims)) return own;
  const places = broadcastIndices(x.dims, dims);
  const elements = newElements(x.dtype, places.length);
  for (let i = 0; i < places.length; i++) elements[i] = own[places[i]!] as never;
  return elements;
}
