import { maxDepth, maxMessageBytes } from "../limits.ts";
import type { MessageMap, MessageName } from "../messages/message-map.ts";
import type { UnknownField } from "../messages/message.ts";
import { type CompiledField, type CompiledMessage, messageType, wireTypes } from "../schema/compile.ts";
import { maxVarintBytes } from "../wire/varint.ts";
import { append, assign, type Draft, startDraft } from "./draft.ts";
import { readPacked } from "./read-packed.ts";
import { readValue } from "./read-value.ts";
import { Source } from "./source.ts";

/**
 * Decodes an ONNX message. Fields in any order, lists packed or not, and unknown fields are all accepted; an optional
 * field that occurs twice keeps the last value, or, if it is a message, both merged.
 * `bytes` fields and unknown fields are views of the input, which must not change while they are in use.
 * @throws ProtoError for anything that is not a message of this type.
 */
export function decode<K extends MessageName>(name: K, bytes: Uint8Array): MessageMap[K] {
  const source = new Source(name, bytes);
  if (bytes.length > maxMessageBytes) {
    source.fail("proto/too-large", `${bytes.length} bytes, protobuf ends at ${maxMessageBytes}`, 0);
  }
  const type = messageType(name);
  const draft = startDraft(type);
  try {
    readFields(source, type, draft, bytes.length);
  } catch (error) {
    throw source.explain(error);
  }
  // The table of the type gives each property the type that the interface declares; the loops below follow the table.
  return draft as unknown as MessageMap[K];
}

function readFields(source: Source, type: CompiledMessage, draft: Draft, end: number): void {
  const { reader, trail } = source;
  const outerEnd = reader.len;
  reader.len = end;
  while (reader.pos < end) {
    const start = reader.pos;
    trail.field = undefined;
    const tag = reader.tag();
    const field = type.byNumber[tag >>> 3];
    const wire = tag & 7;
    if (field === undefined || !readField(source, field, wire, draft)) keepUnknown(source, tag, start, draft);
  }
  reader.len = outerEnd;
}

/** Reads a field after its tag; false, with nothing read, if its wire type is not one the field can have. */
function readField(source: Source, field: CompiledField, wire: number, draft: Draft): boolean {
  source.trail.field = field;
  if (field.type !== undefined) {
    if (wire !== wireTypes.delimited) return false;
    readMessage(source, field, field.type, draft);
    return true;
  }
  const kind = field.kind as Exclude<CompiledField["kind"], "message">;
  if (field.cardinality === "optional") {
    if (wire !== field.wire) return false;
    assign(draft, field, readValue(source, kind));
  } else if (field.cardinality === "packed") {
    if (wire !== field.wire && wire !== wireTypes.delimited) return false;
    readPacked(source, field, wire, draft);
  } else if (wire === field.wire) {
    append(draft, field, readValue(source, kind));
  } else if (wire === wireTypes.delimited) {
    readRun(source, field, kind, draft);
  } else return false;
  return true;
}

function readMessage(source: Source, field: CompiledField, type: CompiledMessage, draft: Draft): void {
  const { trail } = source;
  const end = source.end();
  const repeated = field.cardinality === "repeated";
  trail.enter(field, repeated ? (draft[field.name] as readonly unknown[]).length : 0);
  if (trail.depth > maxDepth) source.fail("proto/depth", `messages nest deeper than ${maxDepth}`);
  const merged = repeated ? undefined : (draft[field.name] as Draft | undefined);
  const message = merged ?? startDraft(type);
  readFields(source, type, message, end);
  trail.leave();
  if (repeated) append(draft, field, message);
  else if (merged === undefined) assign(draft, field, message);
}

/** Reads a packed run of a list that ONNX writes unpacked. */
function readRun(
  source: Source,
  field: CompiledField,
  kind: Exclude<CompiledField["kind"], "message">,
  draft: Draft,
): void {
  const { reader } = source;
  const end = source.end();
  const outerEnd = reader.len;
  reader.len = end;
  while (reader.pos < end) append(draft, field, readValue(source, kind));
  reader.len = outerEnd;
}

function keepUnknown(source: Source, tag: number, start: number, draft: Draft): void {
  const { reader } = source;
  const number = tag >>> 3;
  source.trail.field = undefined;
  const content = reader.pos;
  reader.skipType(tag & 7, 0, number);
  if ((tag & 7) === wireTypes.varint && reader.pos - content > maxVarintBytes) {
    source.fail("proto/malformed", "a number of more than 10 bytes", start);
  }
  const unknown: UnknownField = { number, bytes: reader.raw(start, reader.pos) };
  const list = draft["unknown_fields"] as UnknownField[] | undefined;
  if (list === undefined) draft["unknown_fields"] = [unknown];
  else list.push(unknown);
}
