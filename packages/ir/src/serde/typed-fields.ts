import { dataTypeOfCode, type PayloadField, type TensorProto } from "@lowbit/onnx-proto";
import { codeOfDType } from "../ops/dtype-code.ts";
import { bitsPerElement, byteLength, type DType } from "../types.ts";

const payloadFields = [
  "float_data",
  "int32_data",
  "string_data",
  "int64_data",
  "double_data",
  "uint64_data",
] as const satisfies readonly PayloadField[];

/** The typed field that may hold a dtype's elements. */
export function typedField(dtype: DType): PayloadField {
  return dataTypeOfCode(codeOfDType(dtype))!.field;
}

/** The typed fields that hold anything. */
export function filledFields(proto: TensorProto): readonly PayloadField[] {
  return payloadFields.filter((field) => proto[field].length > 0);
}

/** Entries the typed field has for `count` elements: two per complex number, one per byte of 2-bit and 4-bit elements. */
export function typedLength(dtype: DType, count: number): number {
  if (dtype === "complex64" || dtype === "complex128") return 2 * count;
  return bitsPerElement(dtype) < 8 && dtype !== "string" ? byteLength(dtype, count) : count;
}

/** The elements of the typed field as packed bytes, the form of `raw_data`. */
export function typedBytes(proto: TensorProto, dtype: DType, count: number): Uint8Array {
  const bytes = new Uint8Array(byteLength(dtype, count));
  switch (typedField(dtype)) {
    case "float_data":
      return viewOf(proto.float_data);
    case "double_data":
      return viewOf(proto.double_data);
    case "int64_data":
      return viewOf(proto.int64_data);
    case "uint64_data":
      if (dtype === "uint64") return viewOf(proto.uint64_data);
      new Uint32Array(bytes.buffer).set(Array.from(proto.uint64_data, (value) => Number(BigInt.asUintN(32, value))));
      return bytes;
    case "int32_data":
      narrow(proto.int32_data, bytes, dtype);
      return bytes;
    case "string_data":
      return bytes;
  }
}

function narrow(from: Int32Array, bytes: Uint8Array, dtype: DType): void {
  // Conversion to narrower typed arrays keeps the low bits, which is what the wider field holds.
  if (bitsPerElement(dtype) === 32) new Int32Array(bytes.buffer).set(from);
  else if (bitsPerElement(dtype) === 16) new Uint16Array(bytes.buffer).set(from);
  else bytes.set(from);
}

function viewOf(array: Float32Array | Float64Array | BigInt64Array | BigUint64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
