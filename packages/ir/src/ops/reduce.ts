import { defineOp, int, type Since, type Trait } from "./define-op.ts";
import { integers, sinceByDType } from "./since.ts";
import { sameAsFirst } from "./infer-elementwise.ts";
import { inferArg, inferReduce, inferReduceProd, inferTopK } from "./infer-reduce.ts";

const reduction: readonly Trait[] = ["reduction"];
/** The largest or smallest element is one of the operand's. */
const choice: readonly Trait[] = ["reduction", "keepsScale"];
const inputs = ["data", "axes?"] as const;
const outputs = ["reduced"] as const;
const attributes = { keepdims: int(1), noop_with_empty_axes: int(0) };
const roles = { axes: { role: "parameter" } } as const;

/** A reduction over the axes of the second operand, or over all. */
function reduce(op: string, since: number, traits = reduction, infer = inferReduce) {
  return defineOp(op, {
    since: sinceByDType(
      (node) => (node.inputs[1] || node.attributes.has("noop_with_empty_axes") ? since : 1),
      traits === choice ? { 12: ["int8", "uint8"], 20: ["bool"] } : {},
    ),
    inputs,
    outputs,
    attributes,
    traits,
    roles,
    infer,
  });
}

const sinceOfArg: Since = (node) => {
  if (node.int("select_last_index", 0) !== 0) return 12;
  return node.int("axis", 0) < 0 ? 11 : 1;
};

/** Ops that combine or order elements along axes. */
export const reduceOps = {
  ReduceMean: reduce("ReduceMean", 18),
  ReduceSum: reduce("ReduceSum", 13),
  ReduceMax: reduce("ReduceMax", 18, choice),
  ReduceMin: reduce("ReduceMin", 18, choice),
  ReduceProd: reduce("ReduceProd", 18, reduction, inferReduceProd),
  ReduceL1: reduce("ReduceL1", 18),
  ReduceL2: reduce("ReduceL2", 18),
  ReduceLogSum: reduce("ReduceLogSum", 18),
  ReduceLogSumExp: reduce("ReduceLogSumExp", 18),
  ReduceSumSquare: reduce("ReduceSumSquare", 18),
  ArgMax: defineOp("ArgMax", {
    since: sinceOfArg,
    inputs: ["data"],
    outputs,
    attributes: { axis: int(0), keepdims: int(1), select_last_index: int(0) },
    traits: reduction,
    infer: inferArg,
  }),
  ArgMin: defineOp("ArgMin", {
    since: sinceOfArg,
    inputs: ["data"],
    outputs,
    attributes: { axis: int(0), keepdims: int(1), select_last_index: int(0) },
    traits: reduction,
    infer: inferArg,
  }),
  TopK: defineOp("TopK", {
    since: sinceByDType((node) => (node.attributes.has("largest") || node.attributes.has("sorted") ? 11 : 10), {
      11: integers,
    }),
    inputs: ["X", "K"],
    outputs: ["Values", "Indices"],
    attributes: { axis: int(-1), largest: int(1), sorted: int(1) },
    traits: ["keepsScale"],
    roles: { K: { role: "parameter" } },
    infer: inferTopK,
  }),
  CumSum: defineOp("CumSum", {
    since: sinceByDType(11, { 14: ["float16", "bfloat16"] }),
    inputs: ["x", "axis"],
    outputs: ["y"],
    attributes: { exclusive: int(0), reverse: int(0) },
    roles: { axis: { role: "parameter" } },
    infer: sameAsFirst,
  }),
  CumProd: defineOp("CumProd", {
    since: 26,
    inputs: ["x", "axis"],
    outputs: ["y"],
    attributes: { exclusive: int(0), reverse: int(0) },
    roles: { axis: { role: "parameter" } },
    infer: sameAsFirst,
  }),
};
