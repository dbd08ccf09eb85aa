import { invariant } from "./diagnostics.ts";
import { quotable } from "./text/identifier.ts";

/** Element types, by the names of the ONNX textual syntax (https://github.com/onnx/onnx/blob/main/docs/Syntax.md). */
export const dtypes = [
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
] as const;

/** One ONNX element type. */
export type DType = (typeof dtypes)[number];

/** A dimension: a known size, a named symbol, or unknown (`null`). */
export type Dim = number | string | null;

/** Dimensions of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly Dim[];

/** A dense tensor type; `shape` is null when even the rank is unknown. */
export interface TensorType {
  readonly kind: "tensor";
  readonly dtype: DType;
  readonly shape: Shape | null;
}

/** What a value holds: mostly a tensor, rarely one of ONNX's other types. */
export type ValueType =
  | TensorType
  | { readonly kind: "sparse_tensor"; readonly dtype: DType; readonly shape: Shape | null }
  | { readonly kind: "sequence"; readonly element: ValueType | null }
  | { readonly kind: "optional"; readonly element: ValueType | null }
  | { readonly kind: "map"; readonly key: DType; readonly value: ValueType | null }
  | { readonly kind: "opaque"; readonly domain: string; readonly name: string };

/** A tensor type of the given dtype and shape. */
export function tensorType(dtype: DType, shape: Shape | null = null): TensorType {
  return { kind: "tensor", dtype, shape };
}

const bitsByDType: Readonly<Record<DType, number>> = {
  float: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: 0,
  bool: 8,
  float16: 16,
  double: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
};

/** Bits one element takes in packed storage; 0 for strings, whose elements vary in length. */
export function bitsPerElement(dtype: DType): number {
  return bitsByDType[dtype];
}

/** Bytes of `count` packed elements; sub-byte elements share bytes, low bits first, and the last byte is padded. */
export function byteLength(dtype: DType, count: number): number {
  return Math.ceil((count * bitsByDType[dtype]) / 8);
}

/** Whether the dtype is one of the IEEE-like floating-point types (float8 and float4 included). */
export function isFloat(dtype: DType): boolean {
  return dtype === "double" || dtype.startsWith("float") || dtype === "bfloat16";
}

/** Whether the dtype is a signed or unsigned integer of any width (bool is not). */
export function isInteger(dtype: DType): boolean {
  return dtype.startsWith("int") || dtype.startsWith("uint");
}

/** Smallest and largest value of an integer dtype of at most 32 bits. */
export function integerRange(dtype: DType): readonly [number, number] {
  invariant(isInteger(dtype) && bitsByDType[dtype] <= 32, `integerRange of ${dtype}`);
  const bits = bitsByDType[dtype];
  return dtype.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** Number of elements of a static shape; null when a dimension or the rank is not a number. */
export function elementCount(shape: Shape | null): number | null {
  if (shape === null) return null;
  let count = 1;
  for (const dim of shape) {
    if (typeof dim !== "number") return null;
    count *= dim;
  }
  return count;
}

/** Whether every dimension is a number. */
export function isStatic(shape: Shape | null): shape is readonly number[] {
  return shape !== null && shape.every((dim) => typeof dim === "number");
}

/** Whether two types are the same; symbols are compared by name, unknown dimensions equal each other. */
export function sameType(a: ValueType | null, b: ValueType | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === "tensor" || a.kind === "sparse_tensor") {
    return a.kind === b.kind && a.dtype === b.dtype && sameShape(a.shape, b.shape);
  }
  if (a.kind === "map") return b.kind === "map" && a.key === b.key && sameType(a.value, b.value);
  if (a.kind === "opaque") return b.kind === "opaque" && a.domain === b.domain && a.name === b.name;
  return a.kind === b.kind && sameType(a.element, b.element);
}

/** Whether two shapes are identical dimension by dimension. */
export function sameShape(a: Shape | null, b: Shape | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** A type in ONNX text form: `float[N,3,224,224]`, `int64` for a scalar, `float[]` when the rank is unknown. */
export function typeText(type: ValueType | null): string {
  if (type === null) return "unknown";
  switch (type.kind) {
    case "tensor":
      return type.dtype + dimensionsText(type.shape);
    case "sparse_tensor":
      return `sparse_tensor(${type.dtype}${dimensionsText(type.shape)})`;
    case "sequence":
      return `seq(${elementText(type.element)})`;
    case "optional":
      return `optional(${elementText(type.element)})`;
    case "map":
      return `map(${type.key}, ${elementText(type.value)})`;
    case "opaque":
      return `opaque(${opaqueText(type.domain, type.name)})`;
  }
}

/**
 * A shape for messages: `[N,3,?]`, `[]` for a scalar, `[...]` when the rank is unknown. Symbols that are not
 * identifiers are quoted. In types of the ONNX text form, empty brackets mean an unknown rank instead: see `typeText`.
 */
export function shapeText(shape: Shape | null): string {
  return shape === null ? "[...]" : `[${shape.map(dimText).join(",")}]`;
}

/** What follows the element type in ONNX text: nothing for a scalar, empty brackets when the rank is unknown. */
function dimensionsText(shape: Shape | null): string {
  if (shape === null) return "[]";
  return shape.length === 0 ? "" : shapeText(shape);
}

function dimText(dim: Dim): string {
  if (dim === null) return "?";
  return typeof dim === "number" ? String(dim) : quotable(dim);
}

/** The place of a missing type stays empty, as the official printer leaves it. */
function elementText(type: ValueType | null): string {
  return type === null ? "" : typeText(type);
}

function opaqueText(domain: string, name: string): string {
  if (domain === "") return name === "" ? "" : quotable(name);
  const plain = domain.split(".").every((part) => quotable(part) === part);
  return `${plain ? domain : quotable(domain)}, ${name === "" ? "" : quotable(name)}`;
}
