import { expect, test } from "vitest";
import { bfloat16ToFloat32Array, bfloat16ToNumber, numberToBfloat16, toBfloat16Array } from "./bfloat16.ts";
import { expectNearestEven } from "./rounding.testing.ts";

test("every bit pattern is the upper half of a binary32 and comes back", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
  const values = bfloat16ToFloat32Array(all);
  const back = toBfloat16Array(values);
  const word = new Uint32Array(1);
  const wrong = [...all].filter((bits) => {
    word[0] = bits * 65536;
    const expected = new Float32Array(word.buffer)[0]!;
    return !Object.is(values[bits], expected) || (!Number.isNaN(expected) && back[bits] !== bits);
  });
  expect(wrong).toEqual([]);
  expect(numberToBfloat16(NaN)).toBe(0x7fc0);
});

test("numbers between two values go to the nearest, ties to even", () => {
  expectNearestEven(numberToBfloat16, bfloat16ToNumber, 0x7f7f, (bits) => bits | 0x8000);
});

test("numbers past the range are infinite", () => {
  expect([3.4e38, -1e39, 2 ** 128].map(numberToBfloat16)).toEqual([0x7f80, 0xff80, 0x7f80]);
});
