import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import { expect, test } from "vitest";
import {
  readVarint,
  varintAsBigInt,
  varintAsNumber,
  varintErrors,
  varintOfBigInt,
  varintSize,
  varintSizeOfBigInt,
} from "./varint.ts";

const edges = [0n, 1n, 127n, 128n, 2n ** 28n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 35n, 2n ** 53n, 2n ** 63n - 1n];
const int64s = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(...edges));

test("an int64 comes back from its varint", () => {
  fc.assert(
    fc.property(int64s, (value) => {
      const bytes = varintOfBigInt(value);
      expect(bytes.length).toBe(varintSizeOfBigInt(value));
      expect(readVarint(bytes, 0, bytes.length)).toBe(bytes.length);
      expect(varintAsBigInt()).toBe(value);
    }),
    { seed: 1 },
  );
});

test("varints are the bytes that protobufjs writes", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const expected = protobuf.Writer.create().int64(value).finish();
      expect([...varintOfBigInt(BigInt(value))]).toEqual([...expected]);
      expect(varintSize(value)).toBe(expected.length);
      readVarint(expected, 0, expected.length);
      expect(varintAsNumber()).toBe(value);
    }),
    { seed: 2 },
  );
});

test("a varint that runs into the end is truncated", () => {
  expect(readVarint(Uint8Array.of(0x80, 0x80, 0x01), 0, 2)).toBe(varintErrors.truncated);
});

test("a varint of more than 10 bytes is overlong", () => {
  expect(readVarint(new Uint8Array(11).fill(0x80), 0, 11)).toBe(varintErrors.overlong);
});
