import { defineOp, type Since, type Trait } from "./define-op.ts";
import { subtractDims } from "./dim-algebra.ts";
import { sameAsFirst, unaryElements } from "./infer-elementwise.ts";
import type { Dim } from "../types.ts";

const elementwise: readonly Trait[] = ["elementwise"];
const inputs = ["X"] as const;
const outputs = ["Y"] as const;

/** A function of one element. */
function unary(op: string, since: Since, compute?: (element: Dim) => Dim) {
  return defineOp(op, {
    since,
    inputs,
    outputs,
    traits: elementwise,
    infer: compute ? unaryElements(compute) : sameAsFirst,
  });
}

/** Applies a function to numbers and leaves nothing known of symbols. */
const ofNumber =
  (compute: (element: number) => number) =>
  (element: Dim): Dim =>
    typeof element === "number" ? compute(element) : null;

/** Applies a function that maps integers to themselves: symbols stay. */
const ofFraction =
  (compute: (element: number) => number) =>
  (element: Dim): Dim =>
    typeof element === "number" ? compute(element) : element;

/** Mathematical functions of one operand, element by element. */
export const mathOps = {
  Abs: unary("Abs", 6, ofFraction(Math.abs)),
  Neg: unary("Neg", 6, (element) => subtractDims(0, element)),
  Floor: unary("Floor", 6, ofFraction(Math.floor)),
  Ceil: unary("Ceil", 6, ofFraction(Math.ceil)),
  Round: unary("Round", 11),
  Sign: unary("Sign", 9),
  Exp: unary("Exp", 6),
  Log: unary("Log", 6),
  Sqrt: unary("Sqrt", 6),
  Reciprocal: unary(
    "Reciprocal",
    6,
    ofNumber((element) => 1 / element),
  ),
  Erf: unary("Erf", 9),
  Sin: unary("Sin", 7),
  Cos: unary("Cos", 7),
  Tan: unary("Tan", 7),
  Asin: unary("Asin", 7),
  Acos: unary("Acos", 7),
  Atan: unary("Atan", 7),
  Sinh: unary("Sinh", 9),
  Cosh: unary("Cosh", 9),
  Asinh: unary("Asinh", 9),
  Acosh: unary("Acosh", 9),
  Atanh: unary("Atanh", 9),
  BitwiseNot: unary("BitwiseNot", 18),
};
