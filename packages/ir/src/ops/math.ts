import { defineOp, type AttributeSchema, type OpSchema, type Since, type Trait } from "./define-op.ts";
import { subtractDims } from "./dim-algebra.ts";
import { sameAsFirst, unaryElements } from "./infer-elementwise.ts";
import type { Dim } from "../types.ts";

const elementwise: readonly Trait[] = ["elementwise"];
/** What ONNX calls operand and result; older ops have letters. */
const letters = { inputs: ["X"], outputs: ["Y"] } as const;
const words = { inputs: ["input"], outputs: ["output"] } as const;

/** A function of one element. */
function unary<N extends typeof letters | typeof words>(
  op: string,
  since: Since,
  names: N,
  compute?: (element: Dim) => Dim,
): OpSchema<N["inputs"], N["outputs"], Readonly<Record<never, AttributeSchema>>> {
  return defineOp<N["inputs"], N["outputs"]>(op, {
    since,
    inputs: names.inputs,
    outputs: names.outputs,
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
  Abs: unary("Abs", 6, letters, ofFraction(Math.abs)),
  Neg: unary("Neg", 6, letters, (element) => subtractDims(0, element)),
  Floor: unary("Floor", 6, letters, ofFraction(Math.floor)),
  Ceil: unary("Ceil", 6, letters, ofFraction(Math.ceil)),
  Round: unary("Round", 11, letters),
  Sign: unary("Sign", 9, words),
  Exp: unary("Exp", 6, words),
  Log: unary("Log", 6, words),
  Sqrt: unary("Sqrt", 6, letters),
  Reciprocal: unary(
    "Reciprocal",
    6,
    letters,
    ofNumber((element) => 1 / element),
  ),
  Erf: unary("Erf", 9, words),
  Sin: unary("Sin", 7, words),
  Cos: unary("Cos", 7, words),
  Tan: unary("Tan", 7, words),
  Asin: unary("Asin", 7, words),
  Acos: unary("Acos", 7, words),
  Atan: unary("Atan", 7, words),
  Sinh: unary("Sinh", 9, words),
  Cosh: unary("Cosh", 9, words),
  Asinh: unary("Asinh", 9, words),
  Acosh: unary("Acosh", 9, words),
  Atanh: unary("Atanh", 9, words),
  BitwiseNot: unary("BitwiseNot", 18, letters),
};
