import { expect, test } from "vitest";
import { float4e2m1ToFloat32Array, float4e2m1ToNumber, numberToFloat4e2m1, toFloat4e2m1Array } from "./float4e2m1.ts";
import { expectNearestEven } from "./rounding.testing.ts";

const all = Uint8Array.from({ length: 16 }, (_, bits) => bits);

test("the sixteen values are those of the specification, and come back", () => {
  const values = float4e2m1ToFloat32Array(all);
  expect([...values]).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6]);
  expect(toFloat4e2m1Array(values)).toEqual(all);
});

test("numbers go to the nearest value, ties to even", () => {
  expectNearestEven(numberToFloat4e2m1, float4e2m1ToNumber, 7, (bits) => bits | 8);
});

test("numbers past the range, infinities and NaN give the ends", () => {
  expect([6.1, 1e6, Infinity, -7, -Infinity, NaN].map(numberToFloat4e2m1)).toEqual([7, 7, 7, 15, 15, 7]);
});
