import { expect, test } from "vitest";
import { float16ToFloat32Array, float16ToNumber, numberToFloat16, toFloat16Array } from "./float16.ts";
import { expectNearestEven } from "./rounding.testing.ts";

// IEEE 754-2019, binary16.
const known: readonly [number, number][] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3555, 0.333251953125],
  [0x3c00, 1],
  [0x3c01, 1 + 2 ** -10],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
];

test("known bits have their values", () => {
  expect(known.map(([bits]) => float16ToNumber(bits))).toEqual(known.map(([, value]) => value));
  expect(known.map(([, value]) => numberToFloat16(value))).toEqual(known.map(([bits]) => bits));
});

test("every bit pattern that is no NaN comes back, and NaNs stay NaN", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
  const values = float16ToFloat32Array(all);
  const back = toFloat16Array(values);
  const isNan = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;
  const wrong = [...all].filter((bits) => (isNan(bits) ? !Number.isNaN(values[bits]) : back[bits] !== bits));
  expect(wrong).toEqual([]);
  expect(numberToFloat16(NaN)).toBe(0x7e00);
});

test("numbers between two values go to the nearest, ties to even", () => {
  expectNearestEven(numberToFloat16, float16ToNumber, 0x7bff, (bits) => bits | 0x8000);
});

test("numbers from 65520 on are infinite, and tiny ones zero of their sign", () => {
  expect([65519.999, 65520, -65520, 1e300, 2 ** -25, -(2 ** -25), 5e-324].map(numberToFloat16)).toEqual([
    0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x0000, 0x8000, 0x0000,
  ]);
});
