import { defineOp, int, type Trait } from "./define-op.ts";
import { integers, narrowIntegers, sinceByDType } from "./since.ts";
import { equalDims, lessDims, lessOrEqualDims, maxOfDims, multiplyDims, subtractDims } from "./dim-algebra.ts";
import { comparison, sameShapeAs, unaryElements } from "./infer-elementwise.ts";

const elementwise: readonly Trait[] = ["elementwise"];
const commutative: readonly Trait[] = ["elementwise", "commutative"];

/** Comparisons and boolean operations: their results are bool tensors. */
export const logicOps = {
  Equal: defineOp("Equal", {
    since: sinceByDType(7, {
      11: [...narrowIntegers, "uint32", "uint64", "float16", "float", "double"],
      19: ["string"],
    }),
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: comparison(equalDims),
  }),
  Greater: defineOp("Greater", {
    since: sinceByDType(7, { 9: integers }),
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: elementwise,
    infer: comparison((a, b) => lessDims(b, a)),
  }),
  GreaterOrEqual: defineOp("GreaterOrEqual", {
    since: sinceByDType(12, { 16: ["bfloat16"] }),
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: elementwise,
    infer: comparison((a, b) => lessOrEqualDims(b, a)),
  }),
  Less: defineOp("Less", {
    since: sinceByDType(7, { 9: integers }),
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: elementwise,
    infer: comparison(lessDims),
  }),
  LessOrEqual: defineOp("LessOrEqual", {
    since: sinceByDType(12, { 16: ["bfloat16"] }),
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: elementwise,
    infer: comparison(lessOrEqualDims),
  }),
  Not: defineOp("Not", {
    since: 1,
    inputs: ["X"],
    outputs: ["Y"],
    traits: elementwise,
    infer: unaryElements((element) => subtractDims(1, element)),
  }),
  And: defineOp("And", {
    since: 7,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: comparison(multiplyDims),
  }),
  Or: defineOp("Or", {
    since: 7,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: comparison((a, b) => (a === 1 || b === 1 ? 1 : maxOfDims(a, b))),
  }),
  Xor: defineOp("Xor", {
    since: 7,
    inputs: ["A", "B"],
    outputs: ["C"],
    traits: commutative,
    infer: comparison((a, b) => subtractDims(1, equalDims(a, b))),
  }),
  IsNaN: defineOp("IsNaN", {
    since: 9,
    inputs: ["X"],
    outputs: ["Y"],
    traits: elementwise,
    infer: sameShapeAs("bool"),
  }),
  IsInf: defineOp("IsInf", {
    since: sinceByDType(10, { 20: ["float16", "bfloat16"] }),
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { detect_negative: int(1), detect_positive: int(1) },
    traits: elementwise,
    infer: sameShapeAs("bool"),
  }),
};
