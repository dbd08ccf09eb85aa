import { isFloat, type Dim, type DType } from "../types.ts";
import { defineOp, int, required, string, type Trait } from "./define-op.ts";
import { integers, narrowIntegers, sinceByDType, wideIntegers } from "./since.ts";
import {
  addDims,
  divideDims,
  divideReals,
  maxOfDims,
  minOfDims,
  moduloDims,
  multiplyDims,
  subtractDims,
} from "./dim-algebra.ts";
import { broadcastElements, broadcastLikeFirst, broadcastTypes } from "./infer-elementwise.ts";

const elementwise: readonly Trait[] = ["elementwise"];
const commutative: readonly Trait[] = ["elementwise", "commutative"];
/** Max and Min return one of their operands' elements. */
const choice: readonly Trait[] = ["elementwise", "commutative", "keepsScale"];

const divide = (a: Dim, b: Dim, dtype: DType): Dim => (isFloat(dtype) ? divideReals(a, b) : divideDims(a, b));
const modulo = (a: Dim, b: Dim, dtype: DType): Dim => (isFloat(dtype) ? null : moduloDims(a, b));

const sinceOfArithmetic = sinceByDType(7, { 14: narrowIntegers });
const sinceOfChoice = sinceByDType(8, { 12: integers });
/** Operands of two dtypes, and integers, came with opset 12. */
const sinceOfPow = sinceByDType((node) => (node.inputs[0]?.dtype === node.inputs[1]?.dtype ? 7 : 12), {
  12: wideIntegers,
});

/** Arithmetic on two or more broadcast operands. */
export const arithmeticOps = {
  Add: defineOp("Add", {
    since: sinceOfArithmetic,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: broadcastElements(addDims),
  }),
  Sub: defineOp("Sub", {
    since: sinceOfArithmetic,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: elementwise,
    infer: broadcastElements(subtractDims),
  }),
  Mul: defineOp("Mul", {
    since: sinceOfArithmetic,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: broadcastElements(multiplyDims),
  }),
  Div: defineOp("Div", {
    since: sinceOfArithmetic,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: elementwise,
    infer: broadcastElements(divide),
  }),
  Mod: defineOp("Mod", {
    since: 10,
    inputs: ["A", "B"],
    outputs: ["C"],
    attributes: { fmod: int(0) },
    traits: elementwise,
    infer: (context) => (context.node.int("fmod", 0) ? broadcastTypes(context) : broadcastElements(modulo)(context)),
  }),
  Pow: defineOp("Pow", {
    since: sinceOfPow,
    inputs: ["X", "Y"],
    outputs: ["Z"],
    traits: elementwise,
    infer: broadcastLikeFirst,
  }),
  Max: defineOp("Max", {
    since: sinceOfChoice,
    inputs: ["data_0..."],
    outputs: ["max"],
    traits: choice,
    infer: broadcastElements(maxOfDims),
  }),
  Min: defineOp("Min", {
    since: sinceOfChoice,
    inputs: ["data_0..."],
    outputs: ["min"],
    traits: choice,
    infer: broadcastElements(minOfDims),
  }),
  Sum: defineOp("Sum", {
    since: 8,
    inputs: ["data_0..."],
    outputs: ["sum"],
    traits: commutative,
    infer: broadcastElements(addDims),
  }),
  Mean: defineOp("Mean", {
    since: 8,
    inputs: ["data_0..."],
    outputs: ["mean"],
    traits: commutative,
    infer: broadcastTypes,
  }),
  BitShift: defineOp("BitShift", {
    since: 11,
    inputs: ["X", "Y"],
    outputs: ["Z"],
    attributes: { direction: required(string()) },
    traits: elementwise,
    infer: broadcastTypes,
  }),
  BitwiseAnd: defineOp("BitwiseAnd", {
    since: 18,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: broadcastTypes,
  }),
  BitwiseOr: defineOp("BitwiseOr", {
    since: 18,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: broadcastTypes,
  }),
  BitwiseXor: defineOp("BitwiseXor", {
    since: 18,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: broadcastTypes,
  }),
};
