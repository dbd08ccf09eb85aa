import { expect } from "vitest";

/**
 * Checks a conversion to a float format at every value of the format, half way between neighbours, and a hair to both
 * sides of half way, against `valueOf` alone. `max` is the bits of the largest finite value; bits are ordered as values.
 */
export function expectNearestEven(
  bitsOf: (x: number) => number,
  valueOf: (bits: number) => number,
  max: number,
  negativeOf: (bits: number) => number,
): void {
  const wrong: string[] = [];
  const check = (x: number, bits: number): void => {
    if (bitsOf(x) !== bits) wrong.push(`${x} gives ${bitsOf(x)}, not ${bits}`);
    if (x !== 0 && bitsOf(-x) !== negativeOf(bits)) wrong.push(`${-x} gives ${bitsOf(-x)}, not ${negativeOf(bits)}`);
  };
  for (let bits = 0; bits <= max; bits++) {
    check(valueOf(bits), bits);
    if (bits === max) break;
    const middle = (valueOf(bits) + valueOf(bits + 1)) / 2;
    check(middle, bits % 2 === 0 ? bits : bits + 1);
    check(middle * (1 - 2 ** -40), bits);
    check(middle * (1 + 2 ** -40), bits + 1);
  }
  expect(wrong).toEqual([]);
}
