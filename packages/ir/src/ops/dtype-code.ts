import type { DType } from "../types.ts";

/** The dtypes by their number in ONNX's `TensorProto.DataType`; attributes such as Cast's `to` hold these. */
const byCode: readonly (DType | null)[] = [
  null,
  "float",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "double",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
];

/** The dtype of an ONNX type number, or null when there is none. */
export function dtypeOfCode(code: number): DType | null {
  return byCode[code] ?? null;
}

/** The ONNX type number of a dtype. */
export function codeOfDType(dtype: DType): number {
  return byCode.indexOf(dtype);
}
