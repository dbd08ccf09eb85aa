import type { Value } from "@lowbit/ir";
import { ints, type LegalizeContext } from "./legalization.ts";

/** The products of two stacks of matrices [N, ...], sample by sample, summed over the samples; one of the two is transposed. */
export function summedProducts(
  { op, editor }: LegalizeContext,
  left: Value,
  right: Value,
  transposed: "left" | "right",
): Value {
  const attributes = transposed === "left" ? { transA: 1 } : { transB: 1 };
  const perSample = editor.node("FusedMatMul", [left, right], attributes, { domain: "com.microsoft" }).output;
  return op.ReduceSum([perSample, ints(editor, [0], "batch_axis")], { keepdims: 0 });
}
