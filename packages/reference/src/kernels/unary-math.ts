import type { Tensor } from "@lowbit/ir";
import { mapTensor, type UnaryFunction } from "../arrays/map.ts";
import { tensorOf } from "../arrays/elements.ts";
import type { Kernel } from "../kernel.ts";
import { roundHalfEven } from "../rounding.ts";
import { erf } from "../special-functions.ts";

const unary =
  (f: UnaryFunction | ((x: number) => number)): Kernel =>
  (call) =>
    mapTensor(call.tensor(0), typeof f === "function" ? { number: f } : f);

const predicate =
  (f: (x: number) => boolean): Kernel =>
  (call) =>
    test(call.tensor(0), f);

function test(x: Tensor, f: (element: number) => boolean): Tensor {
  return tensorOf(
    "bool",
    x.dims,
    x.numbers().map((element) => (f(element) ? 1 : 0)),
  );
}

/** Functions of one element, in float64 and rounded once to the operand's dtype. */
export const unaryMathKernels = {
  Abs: unary({ number: Math.abs, bigint: (x) => (x < 0n ? -x : x) }),
  Neg: unary({ number: (x) => -x, bigint: (x) => -x }),
  Sign: unary({ number: Math.sign, bigint: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n) }),
  Ceil: unary(Math.ceil),
  Floor: unary(Math.floor),
  Round: unary(roundHalfEven),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Erf: unary(erf),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Tanh: unary(Math.tanh),
  Asinh: unary(Math.asinh),
  Acosh: unary(Math.acosh),
  Atanh: unary(Math.atanh),
  Not: unary((x) => (x === 0 ? 1 : 0)),
  BitwiseNot: unary({ number: (x) => ~x, bigint: (x) => ~x }),
  IsNaN: predicate(Number.isNaN),
  IsInf: ((call) => {
    const positive = call.node.int("detect_positive", 1) !== 0;
    const negative = call.node.int("detect_negative", 1) !== 0;
    return test(call.tensor(0), (x) => (positive && x === Infinity) || (negative && x === -Infinity));
  }) satisfies Kernel,
};
