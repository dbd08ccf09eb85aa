import type { DType, Tensor } from "@lowbit/ir";
import { isFloat, isInteger } from "@lowbit/ir";
import {
  broadcast,
  broadcastElements,
  mapPairs,
  pairUp,
  requireSameDType,
  type BinaryFunction,
} from "../arrays/map.ts";
import { elementsOf, isWide, newElements, tensorOf, type Elements } from "../arrays/elements.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

/** Arithmetic on two operands; `int32` replaces `number` where float64 would lose low bits of 32-bit products. */
const binary =
  (f: BinaryFunction & { readonly int32?: (a: number, b: number) => number }): Kernel =>
  (call) => {
    const a = call.tensor(0);
    const narrow = a.dtype === "int32" || a.dtype === "uint32";
    return mapPairs(call, a, call.tensor(1), narrow && f.int32 ? { ...f, number: f.int32 } : f);
  };

/** Folds any number of broadcast operands pairwise in float64 or bigint, rounding once at the end. */
const variadic =
  (f: BinaryFunction, finish?: (sum: number, count: number) => number): Kernel =>
  (call) => {
    const operands = call.inputs.map((_, index) => call.tensor(index));
    const first = call.tensor(0);
    requireSameDType(call, first, ...operands);
    const dims = broadcast(call, ...operands);
    let folded: Elements = broadcastElements(first, dims);
    for (const operand of operands.slice(1))
      folded = foldElements(first.dtype, folded, broadcastElements(operand, dims), f);
    if (finish) folded = (folded as Float64Array).map((sum) => finish(sum, operands.length));
    return tensorOf(first.dtype, dims, folded);
  };

function foldElements(dtype: DType, xs: Elements, ys: Elements, f: BinaryFunction): Elements {
  const results = newElements(dtype, xs.length);
  const apply = (isWide(dtype) ? f.bigint : f.number) as (x: unknown, y: unknown) => never;
  for (let i = 0; i < results.length; i++) results[i] = apply(xs[i], ys[i]);
  return results;
}

const add: BinaryFunction = { number: (a, b) => a + b, bigint: (a, b) => a + b };
const larger: BinaryFunction = { number: Math.max, bigint: (a, b) => (a > b ? a : b) };
const smaller: BinaryFunction = { number: Math.min, bigint: (a, b) => (a < b ? a : b) };

const div: Kernel = (call) => {
  const a = call.tensor(0);
  if (isFloat(a.dtype)) return binary({ number: (x, y) => x / y, bigint: (x, y) => x / y })(call);
  rejectZeroDivisor(call);
  return mapPairs(call, a, call.tensor(1), { number: (x, y) => Math.trunc(x / y), bigint: (x, y) => x / y });
};

/** `fmod` 0: the sign of the divisor, as in Python; `fmod` 1: the sign of the dividend, as in C. */
const mod: Kernel = (call) => {
  const a = call.tensor(0);
  if (isInteger(a.dtype)) rejectZeroDivisor(call);
  const asC: BinaryFunction = { number: (x, y) => x % y, bigint: (x, y) => x % y };
  const asPython: BinaryFunction = {
    number: (x, y) => (x % y !== 0 && x % y < 0 !== y < 0 ? (x % y) + y : x % y),
    bigint: (x, y) => (x % y !== 0n && x % y < 0n !== y < 0n ? (x % y) + y : x % y),
  };
  return mapPairs(call, a, call.tensor(1), call.node.int("fmod", 0) === 1 ? asC : asPython);
};

function rejectZeroDivisor(call: KernelCall): void {
  if (call.tensor(1).numbers().includes(0)) call.fail("integer division by zero");
}

/** The result has the base's dtype; the exponent may have another one. */
const pow: Kernel = (call) => {
  const base = call.tensor(0);
  const exponent = call.tensor(1);
  const { dims, left, right } = pairUp(call, base, exponent);
  const count = left?.length ?? base.size;
  if (isWide(base.dtype) && isInteger(exponent.dtype)) return integerPow(base, exponent, dims, left, right);
  const xs = base.numbers();
  const ys = exponent.numbers();
  const powers = Float64Array.from({ length: count }, (_, i) => xs[left ? left[i]! : i]! ** ys[right ? right[i]! : i]!);
  return tensorOf(base.dtype, dims, isInteger(base.dtype) ? powers.map(Math.trunc) : powers);
};

function integerPow(
  base: Tensor,
  exponent: Tensor,
  dims: readonly number[],
  left: Int32Array | null,
  right: Int32Array | null,
): Tensor {
  const xs = elementsOf(base) as BigInt64Array;
  const ys = exponent.numbers();
  const powers = newElements(base.dtype, left?.length ?? base.size) as BigInt64Array;
  for (let i = 0; i < powers.length; i++) {
    const x = xs[left ? left[i]! : i]!;
    const y = ys[right ? right[i]! : i]!;
    powers[i] = y >= 0 ? x ** BigInt(y) : BigInt(Math.trunc(Number(x) ** y) || 0);
  }
  return tensorOf(base.dtype, dims, powers);
}

const bitShift: Kernel = (call) => {
  const left = call.node.string("direction", "") === "LEFT";
  return binary({
    number: left ? (a, b) => (b >= 32 ? 0 : a * 2 ** b) : (a, b) => Math.floor(a / 2 ** b),
    bigint: left ? (a, b) => a << b : (a, b) => a >> b,
  })(call);
};

/** Arithmetic with numpy broadcasting; integers wrap around, integer division truncates. */
export const arithmeticKernels = {
  Add: binary(add),
  Sub: binary({ number: (a, b) => a - b, bigint: (a, b) => a - b }),
  Mul: binary({ number: (a, b) => a * b, bigint: (a, b) => a * b, int32: Math.imul }),
  Div: div,
  Mod: mod,
  Pow: pow,
  Max: variadic(larger),
  Min: variadic(smaller),
  Sum: variadic(add),
  Mean: variadic(add, (sum, count) => sum / count),
  BitShift: bitShift,
  BitwiseAnd: binary({ number: (a, b) => a & b, bigint: (a, b) => a & b }),
  BitwiseOr: binary({ number: (a, b) => a | b, bigint: (a, b) => a | b }),
  BitwiseXor: binary({ number: (a, b) => a ^ b, bigint: (a, b) => a ^ b }),
} satisfies Readonly<Record<string, Kernel>>;
