import { maxTextBytes } from "../limits.ts";
import type { ValueKind } from "../messages/field.ts";
import { textOf } from "../wire/text.ts";
import { varintAsBigInt, varintAsNumber } from "../wire/varint.ts";
import type { Source } from "./source.ts";

/** Reads one value that is no message, after its tag. */
export function readValue(source: Source, kind: Exclude<ValueKind, "message">): unknown {
  switch (kind) {
    case "string": {
      const bytes = source.bytes();
      if (bytes.length > maxTextBytes) source.fail("proto/text", `a string of ${bytes.length} bytes`);
      return textOf(bytes);
    }
    case "bytes":
      return source.bytes();
    case "float":
      return source.reader.float();
    case "double":
      return source.reader.double();
    case "int32":
      return source.reader.int32();
    case "integer": {
      source.varint();
      const value = varintAsNumber();
      if (!Number.isSafeInteger(value)) source.fail("proto/integer", `${varintAsBigInt()} is beyond ±(2^53 - 1)`);
      return value;
    }
    case "int64":
      source.varint();
      return varintAsBigInt();
    case "uint64":
      source.varint();
      return BigInt.asUintN(64, varintAsBigInt());
  }
}
