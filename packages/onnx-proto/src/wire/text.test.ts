import fc from "fast-check";
import { expect, test } from "vitest";
import { textBytes, textOf, textSize } from "./text.ts";

test("any bytes come back from the string they are read as", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = textOf(bytes);
      expect(textSize(text)).toBe(bytes.length);
      expect([...textBytes(text)]).toEqual([...bytes]);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test("UTF-8 is read as TextDecoder reads it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const bytes = new TextEncoder().encode(text);
      expect(textOf(bytes)).toBe(text);
      expect(textSize(text)).toBe(bytes.length);
      expect([...textBytes(text)]).toEqual([...bytes]);
    }),
    { seed: 2 },
  );
});

test.each([
  ["a byte that starts nothing", [0x61, 0xff, 0x62], "a\udcffb"],
  ["a character cut short", [0xe2, 0x82], "\udce2\udc82"],
  ["an overlong zero", [0xc0, 0x80], "\udcc0\udc80"],
  ["an encoded surrogate", [0xed, 0xa0, 0x80], "\udced\udca0\udc80"],
  ["a code point past U+10FFFF", [0xf4, 0x90, 0x80, 0x80], "\udcf4\udc90\udc80\udc80"],
  ["an error among good characters", [0xc3, 0xa9, 0x80, 0xf0, 0x9f, 0x98, 0x80], "é\udc80😀"],
])("%s becomes escapes", (_, bytes, text) => {
  expect(textOf(Uint8Array.from(bytes))).toBe(text);
  expect([...textBytes(text)]).toEqual(bytes);
});

test("a byte order mark is kept", () => {
  expect(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
});

test.each(["\ud800", "\udc00", "a\ud83d"])("%j, which has no UTF-8, has no size", (text) => {
  expect(textSize(text)).toBe(-1);
});
