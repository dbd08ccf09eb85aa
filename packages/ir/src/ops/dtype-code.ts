import { dtypes, type DType } from "../types.ts";

/** The dtype of a number of ONNX's `TensorProto.DataType`, as attributes such as Cast's `to` hold; null when there is none. */
export function dtypeOfCode(code: number): DType | null {
  return dtypes[code - 1] ?? null;
}

/** The ONNX type number of a dtype. */
export function codeOfDType(dtype: DType): number {
  return dtypes.indexOf(dtype) + 1;
}
