/** Element types; codes of `TensorProto.data_type` and of `elem_type` in types. */
export const DataType = {
  UNDEFINED: 0,
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  COMPLEX64: 14,
  COMPLEX128: 15,
  BFLOAT16: 16,
  FLOAT8E4M3FN: 17,
  FLOAT8E4M3FNUZ: 18,
  FLOAT8E5M2: 19,
  FLOAT8E5M2FNUZ: 20,
  UINT4: 21,
  INT4: 22,
  FLOAT4E2M1: 23,
  FLOAT8E8M0: 24,
  UINT2: 25,
  INT2: 26,
} as const;

/** The name of an element type in the protobuf schema, such as `FLOAT16`. */
export type DataTypeName = Exclude<keyof typeof DataType, "UNDEFINED">;

/** The typed field of `TensorProto` that can hold the elements of a type. */
export type PayloadField = "float_data" | "int32_data" | "string_data" | "int64_data" | "double_data" | "uint64_data";

/** Typed arrays that hold unpacked elements, one (complex types: two) per tensor element. */
export type ElementArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** What is known of an element type. */
export interface DataTypeFacts {
  readonly name: DataTypeName;
  readonly code: number;
  /** The name in ONNX's textual syntax, such as `float16`. */
  readonly text: string;
  /** Bits of one element in `raw_data` and external data; 0 for strings, which cannot be there. */
  readonly bits: number;
  readonly field: PayloadField;
  /**
   * Makes the array of unpacked elements: numbers as they are, float16, bfloat16, float8 and float4 as their bits,
   * bool as 0 or 1, 4-bit and 2-bit integers one to a byte. Null for strings.
   */
  readonly array: ((length: number) => ElementArray) | null;
  /** Entries of `array` and of the typed field per element: 2 for complex types. */
  readonly lanes: 1 | 2;
}

const float32 = (length: number): Float32Array => new Float32Array(length);
const float64 = (length: number): Float64Array => new Float64Array(length);
const int8 = (length: number): Int8Array => new Int8Array(length);
const uint8 = (length: number): Uint8Array => new Uint8Array(length);
const uint16 = (length: number): Uint16Array => new Uint16Array(length);

function row(
  name: DataTypeName,
  text: string,
  bits: number,
  field: PayloadField,
  array: DataTypeFacts["array"],
  lanes: 1 | 2 = 1,
): DataTypeFacts {
  return { name, code: DataType[name], text, bits, field, array, lanes };
}

/** All element types, in order of code. */
export const dataTypes: readonly DataTypeFacts[] = [
  row("FLOAT", "float", 32, "float_data", float32),
  row("UINT8", "uint8", 8, "int32_data", uint8),
  row("INT8", "int8", 8, "int32_data", int8),
  row("UINT16", "uint16", 16, "int32_data", uint16),
  row("INT16", "int16", 16, "int32_data", (length) => new Int16Array(length)),
  row("INT32", "int32", 32, "int32_data", (length) => new Int32Array(length)),
  row("INT64", "int64", 64, "int64_data", (length) => new BigInt64Array(length)),
  row("STRING", "string", 0, "string_data", null),
  row("BOOL", "bool", 8, "int32_data", uint8),
  row("FLOAT16", "float16", 16, "int32_data", uint16),
  row("DOUBLE", "double", 64, "double_data", float64),
  row("UINT32", "uint32", 32, "uint64_data", (length) => new Uint32Array(length)),
  row("UINT64", "uint64", 64, "uint64_data", (length) => new BigUint64Array(length)),
  row("COMPLEX64", "complex64", 64, "float_data", float32, 2),
  row("COMPLEX128", "complex128", 128, "double_data", float64, 2),
  row("BFLOAT16", "bfloat16", 16, "int32_data", uint16),
  row("FLOAT8E4M3FN", "float8e4m3fn", 8, "int32_data", uint8),
  row("FLOAT8E4M3FNUZ", "float8e4m3fnuz", 8, "int32_data", uint8),
  row("FLOAT8E5M2", "float8e5m2", 8, "int32_data", uint8),
  row("FLOAT8E5M2FNUZ", "float8e5m2fnuz", 8, "int32_data", uint8),
  row("UINT4", "uint4", 4, "int32_data", uint8),
  row("INT4", "int4", 4, "int32_data", int8),
  row("FLOAT4E2M1", "float4e2m1", 4, "int32_data", uint8),
  row("FLOAT8E8M0", "float8e8m0", 8, "int32_data", uint8),
  row("UINT2", "uint2", 2, "int32_data", uint8),
  row("INT2", "int2", 2, "int32_data", int8),
];

/** The facts of an element type by its code; undefined for 0 and for codes that ONNX has not given out. */
export function dataTypeOfCode(code: number): DataTypeFacts | undefined {
  return dataTypes[code - 1];
}

/** Bytes of `count` elements in `raw_data` or external data: elements are packed, the last byte is padded. */
export function packedByteLength(type: DataTypeFacts, count: number): number {
  return Math.ceil((count * type.bits) / 8);
}
