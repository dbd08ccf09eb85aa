import { type CompiledField, type PackedArray, wireTypes } from "../schema/compile.ts";
import { countVarints, extend, readFixed, readVarints } from "../wire/packed.ts";
import type { Draft } from "./draft.ts";
import type { Source } from "./source.ts";

/** Reads tensor elements, packed or one, and adds them to the typed array that the message has so far. */
export function readPacked(source: Source, field: CompiledField, wire: number, draft: Draft): void {
  const { reader } = source;
  const array = draft[field.name] as PackedArray;
  const fixed = array instanceof Float32Array || array instanceof Float64Array;
  const start = wire === wireTypes.delimited ? undefined : reader.pos;
  const end = start === undefined ? source.end() : fixed ? fixedEnd(source, array) : varintEnd(source);
  const from = start ?? reader.pos;
  if (fixed) {
    const count = (end - from) / array.BYTES_PER_ELEMENT;
    if (!Number.isInteger(count)) source.fail("proto/malformed", `${end - from} bytes are no whole number of elements`);
    const longer = extend(array, count);
    readFixed(reader.buf.subarray(from, end), longer, array.length);
    draft[field.name] = longer;
  } else {
    const longer = extend(array, countVarints(reader.buf, from, end));
    source.checkVarint(readVarints(reader.buf, from, end, longer, array.length));
    draft[field.name] = longer;
  }
  reader.pos = end;
}

function fixedEnd(source: Source, array: PackedArray): number {
  const end = source.reader.pos + array.BYTES_PER_ELEMENT;
  if (end > source.reader.len) source.fail("proto/truncated", "the data ends inside a number");
  return end;
}

function varintEnd(source: Source): number {
  source.varint();
  return source.reader.pos;
}
