import type { MessageName } from "../messages/message-map.ts";
import type { Cardinality, Field, ValueKind } from "../messages/field.ts";
import { tables } from "./tables.ts";

/** Wire types of protobuf; groups (3 and 4) never occur in ONNX. */
export const wireTypes = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** Typed arrays that hold the elements of packed fields. */
export type PackedArray = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;

/** A field, ready for the codec's loops. */
export interface CompiledField {
  readonly name: string;
  readonly number: number;
  readonly cardinality: Cardinality;
  readonly kind: ValueKind;
  /** Wire type of one value. */
  readonly wire: number;
  /** The tag that a writer puts before the field, and its length in bytes. */
  readonly tag: number;
  readonly tagSize: number;
  /** The message type, for `kind: "message"`. */
  readonly type: CompiledMessage | undefined;
  /** The other fields of the same oneof. */
  readonly siblings: readonly string[];
}

/** A message type, ready for the codec's loops. */
export interface CompiledMessage {
  readonly name: MessageName;
  /** In order of field number, the order of writing. */
  readonly fields: readonly CompiledField[];
  /** By field number; holes are unknown fields. */
  readonly byNumber: readonly (CompiledField | undefined)[];
  /** What a message without any field on the wire decodes to: empty lists. */
  readonly empty: Readonly<Record<string, unknown>>;
}

const wireOfKind: Readonly<Record<ValueKind, number>> = {
  string: wireTypes.delimited,
  bytes: wireTypes.delimited,
  message: wireTypes.delimited,
  float: wireTypes.fixed32,
  double: wireTypes.fixed64,
  int32: wireTypes.varint,
  integer: wireTypes.varint,
  int64: wireTypes.varint,
  uint64: wireTypes.varint,
};

const emptyList: readonly unknown[] = Object.freeze([]);

const emptyPacked: Readonly<Partial<Record<ValueKind, PackedArray>>> = {
  float: new Float32Array(0),
  double: new Float64Array(0),
  int32: new Int32Array(0),
  int64: new BigInt64Array(0),
  uint64: new BigUint64Array(0),
};

function emptyValue(field: Field<unknown>): unknown {
  return field.cardinality === "packed" ? emptyPacked[field.kind] : emptyList;
}

function compileAll(): ReadonlyMap<MessageName, CompiledMessage> {
  const entries = Object.entries(tables) as [MessageName, Readonly<Record<string, Field<unknown>>>][];
  const drafts = new Map(
    entries.map(([name]) => [
      name,
      {
        name,
        fields: [] as CompiledField[],
        byNumber: [] as (CompiledField | undefined)[],
        empty: {} as Record<string, unknown>,
      },
    ]),
  );
  for (const [name, fields] of entries) {
    const draft = drafts.get(name)!;
    const sorted = Object.entries(fields).toSorted(([, a], [, b]) => a.number - b.number);
    for (const [fieldName, field] of sorted) {
      const wire = field.cardinality === "packed" ? wireTypes.delimited : wireOfKind[field.kind];
      const compiled: CompiledField = {
        name: fieldName,
        number: field.number,
        cardinality: field.cardinality,
        kind: field.kind,
        wire: wireOfKind[field.kind],
        tag: field.number * 8 + wire,
        tagSize: field.number < 16 ? 1 : 2,
        type: field.message === undefined ? undefined : drafts.get(field.message),
        siblings: sorted
          .filter(([other, { oneof }]) => oneof !== undefined && oneof === field.oneof && other !== fieldName)
          .map(([other]) => other),
      };
      draft.fields.push(compiled);
      while (draft.byNumber.length < field.number) draft.byNumber.push(undefined);
      draft.byNumber.push(compiled);
      if (field.cardinality !== "optional") draft.empty[fieldName] = emptyValue(field);
    }
  }
  return drafts;
}

const compiled = compileAll();

/** The compiled form of a message type. */
export function messageType(name: MessageName): CompiledMessage {
  return compiled.get(name)!;
}
