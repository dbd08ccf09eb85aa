import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeElements, encodeElements } from "./tensor-elements.ts";
import { byteLength, dtypes, integerRange, isInteger, type DType } from "./types.ts";

const numeric = dtypes.filter((dtype) => !["string", "complex64", "complex128"].includes(dtype));

function decoded(dtype: DType, bytes: Uint8Array, count: number): number[] {
  return [...decodeElements(dtype, bytes, count)];
}

describe.each(numeric)("%s", (dtype) => {
  test("what is decoded encodes to the same elements", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const count = (16 * 8) / byteLength(dtype, 8);
        const values = decoded(dtype, bytes, count);
        // Integers beyond 2^53 are no exact numbers.
        if (dtype.endsWith("64") && !values.every(Number.isSafeInteger)) return;
        expect(decoded(dtype, encodeElements(dtype, values), count)).toEqual(values);
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  test("encoded elements fill as many bytes as the dtype needs", () => {
    expect(encodeElements(dtype, [1, 0, 1, 1, 0]).length).toBe(byteLength(dtype, 5));
  });
});

test("floats round to nearest, ties to even", () => {
  expect(decoded("float16", encodeElements("float16", [2049, 2051, 65519, 65520, 1 / 3]), 5)).toEqual([
    2048,
    2052,
    65504,
    Infinity,
    0.333251953125,
  ]);
  expect(decoded("bfloat16", encodeElements("bfloat16", [257, 259]), 2)).toEqual([256, 260]);
  expect(decoded("float8e4m3fn", encodeElements("float8e4m3fn", [17, 19, 1000]), 3)).toEqual([16, 20, 448]);
  expect(decoded("float4e2m1", encodeElements("float4e2m1", [0.25, 0.75, 2.5, -9]), 4)).toEqual([0, 1, 2, -6]);
  expect(decoded("float", encodeElements("float", [16777217]), 1)).toEqual([16777216]);
});

test.each(numeric.filter((dtype) => isInteger(dtype) && !dtype.endsWith("64")))(
  "%s takes its whole range and nothing else",
  (dtype) => {
    const [least, most] = integerRange(dtype);
    expect(decoded(dtype, encodeElements(dtype, [least, most]), 2)).toEqual([least, most]);
    expect(() => encodeElements(dtype, [least - 1])).toThrow(`internal: ${least - 1} is no ${dtype}`);
    expect(() => encodeElements(dtype, [most + 1])).toThrow(`internal: ${most + 1} is no ${dtype}`);
    expect(() => encodeElements(dtype, [0.5])).toThrow(`internal: 0.5 is no ${dtype}`);
  },
);

test("64-bit integers take bigints, and numbers that are whole", () => {
  const bytes = encodeElements("int64", [-(2n ** 63n), 5, 2n ** 63n - 1n]);
  expect([...new BigInt64Array(bytes.buffer)]).toEqual([-(2n ** 63n), 5n, 2n ** 63n - 1n]);
  expect([...new BigUint64Array(encodeElements("uint64", [2n ** 64n - 1n]).buffer)]).toEqual([2n ** 64n - 1n]);
  expect(() => encodeElements("int64", [2n ** 63n])).toThrow("internal: 9223372036854775808 is no int64");
  expect(() => encodeElements("uint64", [-1n])).toThrow("internal: -1 is no uint64");
  expect(() => encodeElements("int64", [NaN])).toThrow("internal: NaN is no int64");
});

test("sub-byte elements are packed from the low bits on", () => {
  expect([...encodeElements("int4", [1, -2, 3])]).toEqual([0xe1, 0x03]);
  expect([...encodeElements("uint2", [1, 2, 3, 0, 1])]).toEqual([0b00111001, 0b01]);
});

test("bool elements are 0 or 1", () => {
  expect(decoded("bool", Uint8Array.of(0, 1, 2), 3)).toEqual([0, 1, 1]);
  expect(() => encodeElements("bool", [2])).toThrow("internal: 2 is no bool");
});

test("strings and complex numbers are no numbers", () => {
  expect(() => decodeElements("string", new Uint8Array(0), 0)).toThrow("internal: elements of string are not numbers");
  expect(() => encodeElements("complex64", [1])).toThrow("internal: elements of complex64 are not numbers");
});
