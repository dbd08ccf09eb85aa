import type { MessageMap, MessageName } from "./message-map.ts";

/**
 * How one value of a field looks on the wire and in JavaScript:
 * `integer` is an int64 held as a number (lengths, versions, dimensions), `int64` and `uint64` are held as bigints.
 */
export type ValueKind = "string" | "bytes" | "float" | "double" | "int32" | "integer" | "int64" | "uint64" | "message";

/** `optional`: one value or none; `repeated`: a plain array, one tag per value; `packed`: a typed array, one tag in all. */
export type Cardinality = "optional" | "repeated" | "packed";

/** One field of a message. `T` is its JavaScript type; it exists for the compiler only. */
export interface Field<out T> {
  readonly number: number;
  readonly cardinality: Cardinality;
  readonly kind: ValueKind;
  /** Name of the message, for `kind: "message"`. */
  readonly message?: MessageName;
  /** At most one of the fields that share a oneof is set. */
  readonly oneof?: string;
  /** Never set: carries `T` to the compiler. */
  readonly type?: T;
}

/** The table of a message: exactly one field for each property of its interface, of the same type. */
export type Fields<M> = {
  readonly [F in Exclude<keyof M, "unknown_fields">]-?: Field<Exclude<M[F], undefined>>;
};

function scalar<T>(cardinality: Cardinality, kind: ValueKind) {
  return (number: number, oneof?: string): Field<T> => ({
    number,
    cardinality,
    kind,
    ...(oneof === undefined ? {} : { oneof }),
  });
}

/** Fields that hold one value or none. */
export const optional = {
  string: scalar<string>("optional", "string"),
  bytes: scalar<Uint8Array>("optional", "bytes"),
  float: scalar<number>("optional", "float"),
  int32: scalar<number>("optional", "int32"),
  integer: scalar<number>("optional", "integer"),
  int64: scalar<bigint>("optional", "int64"),
  message<K extends MessageName>(number: number, message: K, oneof?: string): Field<MessageMap[K]> {
    return { number, cardinality: "optional", kind: "message", message, ...(oneof === undefined ? {} : { oneof }) };
  },
};

/** Fields that hold a list. ONNX's schema is proto2, so lists of numbers are written unpacked; both forms are read. */
export const repeated = {
  string: scalar<readonly string[]>("repeated", "string"),
  bytes: scalar<readonly Uint8Array[]>("repeated", "bytes"),
  float: scalar<readonly number[]>("repeated", "float"),
  integer: scalar<readonly number[]>("repeated", "integer"),
  int64: scalar<readonly bigint[]>("repeated", "int64"),
  message<K extends MessageName>(number: number, message: K): Field<readonly MessageMap[K][]> {
    return { number, cardinality: "repeated", kind: "message", message };
  },
};

/** Tensor elements: written packed; both forms are read. */
export const packed = {
  float: scalar<Float32Array>("packed", "float"),
  double: scalar<Float64Array>("packed", "double"),
  int32: scalar<Int32Array>("packed", "int32"),
  int64: scalar<BigInt64Array>("packed", "int64"),
  uint64: scalar<BigUint64Array>("packed", "uint64"),
};
