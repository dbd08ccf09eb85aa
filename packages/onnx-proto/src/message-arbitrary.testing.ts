import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import type { MessageMap, MessageName } from "./messages/message-map.ts";
import type { UnknownField } from "./messages/message.ts";
import type { Field, ValueKind } from "./messages/field.ts";
import { tables } from "./schema/tables.ts";

/** Text as UTF-8 has it. */
export const goodText: fc.Arbitrary<string> = fc.string({ unit: "grapheme", maxLength: 8 });

/** Text as files may have it: sometimes bytes that are not UTF-8, in the form that decoding gives them. */
const anyText: fc.Arbitrary<string> = fc.oneof(goodText, fc.constant("\udc80not\udcffutf-8"));

const scalars: Readonly<Record<Exclude<ValueKind, "message" | "string">, fc.Arbitrary<unknown>>> = {
  bytes: fc.uint8Array({ maxLength: 40 }),
  float: fc.float(),
  double: fc.double(),
  int32: fc.integer(),
  integer: fc.maxSafeInteger(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
};

const typedArrays: Readonly<Partial<Record<ValueKind, fc.Arbitrary<unknown>>>> = {
  float: fc.float32Array({ maxLength: 6 }),
  double: fc.float64Array({ maxLength: 6 }),
  int32: fc.int32Array({ maxLength: 6 }),
  int64: fc.bigInt64Array({ maxLength: 6 }),
  uint64: fc.bigUint64Array({ maxLength: 6 }),
};

const unknownField: fc.Arbitrary<UnknownField> = fc
  .record({ number: fc.integer({ min: 100, max: 2 ** 29 - 1 }), content: fc.uint8Array({ maxLength: 20 }) })
  .map(({ number, content }) => ({
    number,
    bytes: new Uint8Array(
      new protobuf.Writer()
        .uint32(number * 8 + 2)
        .bytes(content)
        .finish(),
    ),
  }));

function value(field: Field<unknown>, depth: number, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  if (field.kind === "message") return message(field.message!, depth - 1, text);
  return field.kind === "string" ? text : scalars[field.kind];
}

/** Any message of a type, with messages in it up to `depth` levels, all lists present, and unknown fields. */
export function message<K extends MessageName>(
  name: K,
  depth: number,
  text: fc.Arbitrary<string> = anyText,
): fc.Arbitrary<MessageMap[K]> {
  const lists: Record<string, fc.Arbitrary<unknown>> = {};
  const options: Record<string, fc.Arbitrary<unknown>> = {};
  const oneofs = new Map<string, string[]>();
  for (const [fieldName, field] of Object.entries<Field<unknown>>(tables[name])) {
    const leaf = field.kind === "message" && depth === 0;
    if (field.cardinality === "packed") lists[fieldName] = typedArrays[field.kind]!;
    else if (field.cardinality === "repeated") {
      lists[fieldName] = leaf ? fc.constant([]) : fc.array(value(field, depth, text), { maxLength: 2 });
    } else if (!leaf) {
      options[fieldName] = value(field, depth, text);
      if (field.oneof !== undefined) oneofs.set(field.oneof, [...(oneofs.get(field.oneof) ?? []), fieldName]);
    }
  }
  const optional = fc.record(options, { requiredKeys: [] });
  const unknown = fc.record({ unknown_fields: fc.array(unknownField, { minLength: 1, maxLength: 2 }) });
  const rest = fc.option(unknown, { nil: {}, freq: 3 });
  return fc.tuple(fc.record(lists), optional, rest, fc.nat()).map(([required, chosen, extra, choice]) => {
    for (const names of oneofs.values()) {
      const set = names.filter((each) => each in chosen);
      for (const other of set) if (other !== set[choice % set.length]) delete chosen[other];
    }
    // Built from the type's own table.
    return { ...required, ...chosen, ...extra } as unknown as MessageMap[K];
  });
}
