import { Tensor } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { avx2Arithmetic, floatArithmetic, type IntegerArithmetic } from "./integer-arithmetic/integer-arithmetic.ts";
import { exactDot, saturatingDot, type IntegerDot } from "./integer-dot.ts";
import { evaluateText, tensorText } from "./text-graph.testing.ts";

function sum(dot: IntegerDot, x: readonly number[], w: readonly number[], xZero = 0, wZero = 0): number {
  return dot(Int32Array.from(x), 0, Int32Array.from(w), 0, x.length, xZero, wZero);
}

describe("sums of products", () => {
  test("a pair that leaves int16 saturates", () => {
    expect(sum(exactDot, [255, 255], [127, 127])).toBe(64770);
    expect(sum(saturatingDot, [255, 255], [127, 127])).toBe(32767);
    expect(sum(saturatingDot, [255, 255], [-128, -128])).toBe(-32768);
  });

  test("pairs are neighbours from the start, and an odd last product stands alone", () => {
    expect(sum(saturatingDot, [0, 255, 255, 0, 255], [1, 127, 127, 1, 127])).toBe(3 * 32385);
    expect(sum(saturatingDot, [255, 255, 255], [127, 127, 127])).toBe(32767 + 32385);
  });

  test("zero points are taken out after the saturation", () => {
    expect(sum(exactDot, [255, 255], [127, 127], 128, 0)).toBe(127 * 127 * 2);
    expect(sum(saturatingDot, [255, 255], [127, 127], 128, 0)).toBe(32767 - 128 * 254);
  });

  test("seven-bit weights never saturate", () => {
    expect(sum(saturatingDot, [255, 255], [64, 64])).toBe(sum(exactDot, [255, 255], [64, 64]));
  });

  test("accumulators wrap around like int32", () => {
    const ones = Array.from({ length: 70_000 }, () => 255);
    expect(sum(exactDot, ones, ones)).toBe((70_000 * 255 * 255) | 0);
  });
});

describe("which ops saturate on AVX2", () => {
  const conv = `g (uint8[1,2,1,1] x, int8[1,2,1,1] w) => (int32[1,1,1,1] y) { y = ConvInteger(x, w) }`;

  test("uint8 x int8 does, uint8 x uint8 and depthwise convolutions do not", () => {
    const run = (text: string, w: readonly number[], arithmetic: IntegerArithmetic = avx2Arithmetic): string =>
      tensorText(evaluateText(text, { x: [255, 255], w }, { arithmetic }).get("y"));
    expect(run(conv, [127, 127])).toBe("int32[1,1,1,1] 32767");
    expect(run(conv, [127, 127], floatArithmetic)).toBe("int32[1,1,1,1] 64770");
    expect(run(conv.replace(" int8", " uint8"), [127, 127])).toBe("int32[1,1,1,1] 64770");
    const depthwise = `g (uint8[1,2,1,1] x, int8[2,1,1,1] w) => (int32[1,2,1,1] y) { y = ConvInteger <group = 2> (x, w) }`;
    expect(run(depthwise, [127, 127])).toBe("int32[1,2,1,1] 32385 32385");
  });

  test("a convolution pairs up channels at one kernel place, as channels-last kernels do", () => {
    const x = Tensor.of("uint8", [255, 0, 0, 255], [1, 2, 1, 2]);
    const text = `g (uint8[1,2,1,2] x, int8[1,2,1,2] w) => (int32[1,1,1,1] y) { y = ConvInteger(x, w) }`;
    const results = evaluateText(
      text,
      { x: [...x.numbers()], w: [127, 127, 127, 127] },
      { arithmetic: avx2Arithmetic },
    );
    expect(tensorText(results.get("y"))).toBe("int32[1,1,1,1] 64770");
  });
});
