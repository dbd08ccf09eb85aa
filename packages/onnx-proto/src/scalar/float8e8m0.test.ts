import { expect, test } from "vitest";
import { float8e8m0ToFloat32Array, float8e8m0ToNumber, numberToFloat8e8m0, toFloat8e8m0Array } from "./float8e8m0.ts";

const all = Uint8Array.from({ length: 256 }, (_, bits) => bits);

test("bits are exponents of two, and 255 is NaN", () => {
  expect([0, 1, 126, 127, 128, 254].map(float8e8m0ToNumber)).toEqual([2 ** -127, 2 ** -126, 0.5, 1, 2, 2 ** 127]);
  expect(float8e8m0ToNumber(255)).toBeNaN();
});

test.each(["up", "down", "nearest"] as const)("every bit pattern comes back, rounding %s", (rounding) => {
  expect(toFloat8e8m0Array(float8e8m0ToFloat32Array(all), rounding)).toEqual(all);
});

test.each([
  ["up", [127, 128, 128, 128]],
  ["down", [127, 127, 127, 127]],
  ["nearest", [127, 127, 128, 128]],
] as const)("between powers of two, %s rounds 1, 1.49, 1.5 and 1.99", (rounding, bits) => {
  expect([1, 1.49, 1.5, 1.99].map((x) => numberToFloat8e8m0(x, rounding))).toEqual(bits);
});

// The table of https://onnx.ai/onnx/operators/onnx__Cast.html
test("special values follow the table of Cast", () => {
  const special = [0, NaN, Infinity, 2 ** 128, 2 ** -130];
  expect(special.map((x) => numberToFloat8e8m0(x, "up", true))).toEqual([0, 255, 254, 254, 0]);
  expect(special.map((x) => numberToFloat8e8m0(x, "nearest", false))).toEqual([255, 255, 255, 255, 255]);
});

test("negative numbers have no value", () => {
  expect([-1, -Infinity].map((x) => numberToFloat8e8m0(x))).toEqual([255, 255]);
});
