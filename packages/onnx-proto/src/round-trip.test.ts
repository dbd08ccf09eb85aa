import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "./decode/decode.ts";
import { encode, encodeChunks } from "./encode/encode.ts";
import { message } from "./message-arbitrary.testing.ts";
import type { MessageName } from "./messages/message-map.ts";
import { tables } from "./schema/tables.ts";

test.each(Object.keys(tables) as MessageName[])("any %s comes back from its bytes, and its bytes from it", (name) => {
  fc.assert(
    fc.property(message(name, 2), (original) => {
      const bytes = encode(name, original);
      const decoded = decode(name, bytes);
      expect(decoded).toStrictEqual(original);
      expect(Buffer.compare(encode(name, decoded), bytes)).toBe(0);
      expect(Buffer.compare(Buffer.concat(encodeChunks(name, original)), bytes)).toBe(0);
    }),
    { seed: 7, numRuns: 100 },
  );
});
