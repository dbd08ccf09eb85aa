import type { DType } from "../types.ts";
import type { Since } from "./define-op.ts";

export const narrowIntegers = ["int8", "int16", "uint8", "uint16"] as const satisfies readonly DType[];
export const wideIntegers = ["int32", "int64", "uint32", "uint64"] as const satisfies readonly DType[];
export const integers = [...narrowIntegers, ...wideIntegers] as const;

/** `base`, or the later opset that first allowed the first operand's dtype. */
export function sinceByDType(base: Since, later: Readonly<Record<number, readonly DType[]>>): Since {
  const opsets = Object.entries(later).flatMap(([opset, dtypes]) =>
    dtypes.map((dtype) => [dtype, Number(opset)] as const),
  );
  const byDType = new Map<DType, number>(opsets);
  return (node) => {
    const dtype = node.inputs[0]?.dtype;
    return Math.max(typeof base === "number" ? base : base(node), (dtype && byDType.get(dtype)) ?? 0);
  };
}
