import fc from "fast-check";
import type { StringValue } from "../graph/attribute.ts";
import { encodeElements } from "../tensor-elements.ts";
import { Tensor } from "../tensor.ts";
import { bitsPerElement, dtypes, elementCount, integerRange, type DType, type Dim, type ValueType } from "../types.ts";

/** Any text, with what the syntax gives a meaning to made likely. */
export const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('"', "\\", "\n", "#", "@", "<", ">", "/", ".", ":", " ", "a"), maxLength: 6 }),
);

export const identifiers = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/);

/** Names that are not empty: identifiers, words with a meaning, hostile ones. */
export const names = fc.oneof(
  identifiers,
  fc.constantFrom("float", "seq", "map", "inf", "NaN", "int4", "0", "parameter", "x.y", "é", "a-b", "-1"),
  texts.filter((text) => text !== ""),
);

const dtype = fc.constantFrom(...dtypes);
const dims: fc.Arbitrary<Dim> = fc.oneof(fc.nat(1000), names, fc.constant(null));

/** Value types of every kind. */
export const types: fc.Arbitrary<ValueType> = fc.letrec<{ type: ValueType; element: ValueType | null }>((tie) => ({
  element: fc.option(tie("type"), { freq: 5 }),
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({
      kind: fc.constantFrom("tensor", "sparse_tensor"),
      dtype,
      shape: fc.option(fc.array(dims, { maxLength: 4 })),
    }),
    fc.record({ kind: fc.constant("opaque" as const), domain: fc.oneof(fc.constant("a.b"), texts), name: texts }),
    fc.record({ kind: fc.constantFrom("sequence", "optional"), element: tie("element") }),
    fc.record({ kind: fc.constant("map" as const), key: dtype, value: tie("element") }),
  ),
})).type;

/** Strings as attributes hold them: bytes where they are not UTF-8. */
export const strings: fc.Arbitrary<StringValue> = fc.oneof(texts, fc.uint8Array({ maxLength: 5 }));

/** Tensors of every dtype and of few elements, now and then of more than are printed. */
export const tensors: fc.Arbitrary<Tensor> = fc
  .tuple(
    dtype,
    fc.oneof(
      { weight: 9, arbitrary: fc.array(fc.nat(3), { maxLength: 2 }) },
      { weight: 1, arbitrary: fc.constant([2, 9]) },
    ),
  )
  .chain(([type, shape]) => tensorsOf(type, shape));

function tensorsOf(type: DType, shape: readonly number[]): fc.Arbitrary<Tensor> {
  const size = elementCount(shape)!;
  const exactly = { minLength: size, maxLength: size };
  if (type === "string") {
    return fc
      .array(fc.uint8Array({ maxLength: 4 }), exactly)
      .map((bytes) => new Tensor(type, shape, { byteLength: 0, read: () => new Uint8Array() }, bytes));
  }
  if (type.startsWith("complex")) {
    const parts = { minLength: 2 * size, maxLength: 2 * size };
    const arrays: fc.Arbitrary<Float32Array | Float64Array> =
      type === "complex64" ? fc.float32Array(parts) : fc.float64Array(parts);
    return arrays.map((values) => Tensor.fromTyped(type, shape, canonical(values)));
  }
  if (type === "float")
    return fc.float32Array(exactly).map((values) => Tensor.fromTyped(type, shape, canonical(values)));
  if (type === "double")
    return fc.float64Array(exactly).map((values) => Tensor.fromTyped(type, shape, canonical(values)));
  if (type.endsWith("int64")) {
    const range = type === "int64" ? { min: -(2n ** 63n), max: 2n ** 63n - 1n } : { min: 0n, max: 2n ** 64n - 1n };
    return fc.array(fc.bigInt(range), exactly).map((values) => Tensor.of(type, values, shape));
  }
  const storage = storageOf(type);
  const [min, max] = storage === "bool" ? [0, 1] : integerRange(storage);
  return fc
    .array(fc.integer({ min, max }), exactly)
    .map((values) => Tensor.fromBytes(type, shape, encodeElements(storage, values)));
}

/** The integer type of a dtype's bit patterns. */
function storageOf(type: DType): DType {
  return type.startsWith("float") || type === "bfloat16" ? (`uint${bitsPerElement(type)}` as DType) : type;
}

/** The text form has one NaN only. */
function canonical<T extends Float32Array | Float64Array>(values: T): T {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = NaN;
  return values;
}
