import { describe, expect, test } from "vitest";
import {
  type Float8Format,
  float8ToFloat32Array,
  float8ToNumber,
  float8Values,
  numberToFloat8,
  toFloat8Array,
} from "./float8.ts";
import { expectNearestEven } from "./rounding.testing.ts";

interface Facts {
  readonly format: Float8Format;
  /** Bits and value of the largest finite number. */
  readonly max: readonly [number, number];
  readonly least: number;
  readonly one: number;
  readonly nans: readonly number[];
  readonly infinity: number | null;
  /** Bits of numberToFloat8 for Infinity, -Infinity and NaN without saturation. */
  readonly beyond: readonly [number, number, number];
}

// https://onnx.ai/onnx/technical/float8.html
const facts: readonly Facts[] = [
  {
    format: "e4m3fn",
    max: [0x7e, 448],
    least: 2 ** -9,
    one: 0x38,
    nans: [0x7f, 0xff],
    infinity: null,
    beyond: [0x7f, 0xff, 0x7f],
  },
  {
    format: "e4m3fnuz",
    max: [0x7f, 240],
    least: 2 ** -10,
    one: 0x40,
    nans: [0x80],
    infinity: null,
    beyond: [0x80, 0x80, 0x80],
  },
  {
    format: "e5m2",
    max: [0x7b, 57344],
    least: 2 ** -16,
    one: 0x3c,
    nans: [0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff],
    infinity: 0x7c,
    beyond: [0x7c, 0xfc, 0x7e],
  },
  {
    format: "e5m2fnuz",
    max: [0x7f, 57344],
    least: 2 ** -17,
    one: 0x40,
    nans: [0x80],
    infinity: null,
    beyond: [0x80, 0x80, 0x80],
  },
];

describe.each(facts)("$format", ({ format, max, least, one, nans, infinity, beyond }) => {
  test("has the values of the specification", () => {
    expect(float8ToNumber(format, max[0])).toBe(max[1]);
    expect(float8ToNumber(format, 1)).toBe(least);
    expect(float8ToNumber(format, one)).toBe(1);
    const all = Uint8Array.from({ length: 256 }, (_, bits) => bits);
    expect([...all].filter((bits) => Number.isNaN(float8ToNumber(format, bits)))).toEqual(nans);
    expect([...all].filter((bits) => float8ToNumber(format, bits) === Infinity)).toEqual(
      infinity === null ? [] : [infinity],
    );
    expect(float8ToFloat32Array(format, all)).toEqual(float8Values[format]);
  });

  test.each([true, false])("gives every pattern that is no NaN back (saturate: %s)", (saturate) => {
    const finite = Uint8Array.from({ length: 256 }, (_, bits) => bits).filter((bits) =>
      Number.isFinite(float8ToNumber(format, bits)),
    );
    expect(toFloat8Array(format, float8ToFloat32Array(format, finite), saturate)).toEqual(finite);
  });

  test("rounds to the nearest, ties to even", () => {
    const negative = (bits: number): number => (bits === 0 && nans.length === 1 ? 0 : bits | 0x80);
    expectNearestEven(
      (x) => numberToFloat8(format, x),
      (bits) => float8ToNumber(format, bits),
      max[0],
      negative,
    );
  });

  test("saturates past the range", () => {
    const edge = [Infinity, 1e9, -Infinity, -1e9].map((x) => numberToFloat8(format, x));
    expect(edge).toEqual([max[0], max[0], max[0] | 0x80, max[0] | 0x80]);
  });

  test("goes to infinity or NaN past the range when told not to saturate", () => {
    const [up, down, nan] = beyond;
    expect([Infinity, -Infinity, NaN].map((x) => numberToFloat8(format, x, false))).toEqual([up, down, nan]);
    // Half a step past the largest value: the tie goes to the even neighbour; it stays where the largest value is even.
    const step = max[1] - float8ToNumber(format, max[0] - 1);
    const tie = max[0] % 2 === 0 ? max[0] : up;
    expect([0.499, 0.5, 0.501].map((part) => numberToFloat8(format, max[1] + part * step, false))).toEqual([
      max[0],
      tie,
      up,
    ]);
  });

  test("has a negative zero, or else only one zero", () => {
    expect([0, -0, least / 4, -least / 4].map((x) => numberToFloat8(format, x))).toEqual(
      nans.length === 1 ? [0, 0, 0, 0] : [0, 0x80, 0, 0x80],
    );
  });
});

test("the positive values of e4m3fn below 1 are the multiples the formula gives", () => {
  const expected = Array.from({ length: 0x38 }, (_, bits) => {
    const exponent = bits >> 3;
    const fraction = (bits & 7) / 8;
    return exponent === 0 ? 2 ** -6 * fraction : 2 ** (exponent - 7) * (1 + fraction);
  });
  expect([...float8Values.e4m3fn.subarray(0, 0x38)]).toEqual(expected);
});
