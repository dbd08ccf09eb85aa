import type { Message } from "../messages/message.ts";
import type { CompiledField, CompiledMessage, PackedArray } from "../schema/compile.ts";
import { packedBytes } from "../wire/packed.ts";
import { isPlainText, textBytes } from "../wire/text.ts";
import { varintOfBigInt } from "../wire/varint.ts";
import { ChunkWriter, type Sink } from "./chunk-writer.ts";
import type { Plan } from "./measure.ts";

/** Writes a measured message: known fields by number, then unknown ones in their order. */
export function write(plan: Plan, message: Message, sink: Sink): void {
  const out = new ChunkWriter(sink);
  writeFields(out, plan.lengths[Symbol.iterator](), plan.type, message as Readonly<Record<string, unknown>>);
  out.flush();
}

function writeFields(
  out: ChunkWriter,
  lengths: Iterator<number>,
  type: CompiledMessage,
  message: Readonly<Record<string, unknown>>,
): void {
  for (const field of type.fields) {
    const value = message[field.name];
    if (value === undefined) continue;
    if (field.cardinality === "packed") {
      if ((value as PackedArray).length > 0) writePacked(out, lengths, field, value as PackedArray);
    } else if (field.cardinality === "optional") {
      writeValue(out, lengths, field, value);
    } else {
      for (const element of value as readonly unknown[]) writeValue(out, lengths, field, element);
    }
  }
  for (const unknown of (message as Message).unknown_fields ?? []) out.raw(unknown.bytes);
  out.flushIfFull();
}

function writePacked(out: ChunkWriter, lengths: Iterator<number>, field: CompiledField, array: PackedArray): void {
  const length = nextLength(lengths);
  out.writer.uint32(field.tag).uint32(length);
  out.raw(packedBytes(array, length));
}

function writeValue(out: ChunkWriter, lengths: Iterator<number>, field: CompiledField, value: unknown): void {
  const writer = out.writer.uint32(field.tag);
  switch (field.kind) {
    case "message":
      writer.uint32(nextLength(lengths));
      writeFields(out, lengths, field.type!, value as Readonly<Record<string, unknown>>);
      return;
    case "string":
      if (isPlainText(value as string)) writer.string(value as string);
      else writer.bytes(textBytes(value as string));
      return;
    case "bytes":
      writer.uint32((value as Uint8Array).length);
      out.raw(value as Uint8Array);
      return;
    case "float":
      writer.float(value as number);
      return;
    case "double":
      writer.double(value as number);
      return;
    case "int32":
      writer.int32(value as number);
      return;
    case "integer":
      writer.int64(value as number);
      return;
    case "int64":
    case "uint64":
      writer.raw(varintOfBigInt(value as bigint));
      return;
  }
}

function nextLength(lengths: Iterator<number>): number {
  const next = lengths.next();
  if (next.done === true) throw new Error("internal: fewer lengths were measured than are written");
  return next.value;
}
