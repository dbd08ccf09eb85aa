import fc from "fast-check";
import { expect, test } from "vitest";
import { pack2, pack4, unpackInt2, unpackInt4, unpackUint2, unpackUint4 } from "./sub-byte.ts";

test("the first 4-bit element is in the low half of the first byte", () => {
  expect([...pack4([1, 2, 3])]).toEqual([0x21, 0x03]);
  expect([...unpackUint4(Uint8Array.of(0x21, 0xf3), 3)]).toEqual([1, 2, 3]);
});

test("the first 2-bit element is in the lowest bits of the first byte", () => {
  expect([...pack2([0, 1, 2, 3, 1])]).toEqual([0b11100100, 0b01]);
  expect([...unpackUint2(Uint8Array.of(0b11100100, 0b01), 5)]).toEqual([0, 1, 2, 3, 1]);
});

test("signed elements are two's complement", () => {
  expect([...unpackInt4(Uint8Array.of(0x87, 0x0f), 3)]).toEqual([7, -8, -1]);
  expect([...unpackInt2(Uint8Array.of(0b11100100), 4)]).toEqual([0, 1, -2, -1]);
});

test.each([
  ["int4", -8, 7, pack4, unpackInt4],
  ["uint4", 0, 15, pack4, unpackUint4],
  ["int2", -2, 1, pack2, unpackInt2],
  ["uint2", 0, 3, pack2, unpackUint2],
] as const)("%s elements come back", (_, min, max, pack, unpack) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min, max })), (elements) => {
      expect([...unpack(pack(elements), elements.length)]).toEqual(elements);
    }),
    { seed: 3 },
  );
});
