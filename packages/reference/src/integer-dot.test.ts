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
  /** One output place of a convolution or product with full-range codes, to an output scale that keeps the sum. */
  function run(
    op: string,
    x: string,
    w: string,
    attributes = "",
    arithmetic: IntegerArithmetic = avx2Arithmetic,
  ): string {
    const quantized = op.startsWith("Q");
    const text = `g (${x} x, ${w} w) => (${quantized ? "uint8" : "int32"}[A,B,C,D] y)
      <float one = {1}, float big = {400}, uint8 zx = {0}, ${w.split("[")[0]} zw = {0}, uint8 zy = {0}> {
        y = ${op} ${attributes} (${quantized ? "x, one, zx, w, one, zw, big, zy" : "x, w"})
      }`;
    const size = (type: string): number => type.match(/\d+(?=[,\]])/g)!.reduce((count, dim) => count * Number(dim), 1);
    const fed = { x: Array.from({ length: size(x) }, () => 255), w: Array.from({ length: size(w) }, () => 127) };
    return tensorText(evaluateText(text, fed, { arithmetic }).get("y"));
  }

  test("uint8 x int8 convolutions do: 32767 / 400 instead of 64770 / 400", () => {
    expect(run("QLinearConv", "uint8[1,2,1,1]", "int8[1,2,1,1]")).toBe("uint8[1,1,1,1] 82");
    expect(run("QLinearConv", "uint8[1,2,1,1]", "int8[1,2,1,1]", "", floatArithmetic)).toBe("uint8[1,1,1,1] 162");
  });

  test("a channel multiplier of two makes a depthwise convolution saturate, kernel place by kernel place", () => {
    expect(run("QLinearConv", "uint8[1,2,1,2]", "int8[2,1,1,2]", "<group = 2>")).toBe("uint8[1,2,1,1] 162 162");
    expect(run("QLinearConv", "uint8[1,2,1,2]", "int8[4,1,1,2]", "<group = 2>")).toBe("uint8[1,4,1,1] 82 82 82 82");
  });

  test("uint8 x uint8 convolutions and ConvInteger do not", () => {
    expect(run("QLinearConv", "uint8[1,2,1,1]", "uint8[1,2,1,1]")).toBe("uint8[1,1,1,1] 162");
    expect(run("ConvInteger", "uint8[1,2,1,1]", "int8[1,2,1,1]")).toBe("int32[1,1,1,1] 64770");
  });

  test("matrix products do", () => {
    const text = `g (uint8[1,2] x, int8[2,1] w) => (int32[1,1] y) { y = MatMulInteger(x, w) }`;
    const results = evaluateText(text, { x: [255, 255], w: [127, 127] }, { arithmetic: avx2Arithmetic });
    expect(tensorText(results.get("y"))).toBe("int32[1,1] 32767");
  });

  test("a convolution pairs up channels at one kernel place, as channels-last kernels do", () => {
    const text = `g (uint8[1,2,1,2] x, int8[1,2,1,2] w) => (uint8[1,1,1,1] y)
      <float one = {1}, float big = {400}, uint8 zx = {0}, int8 zw = {0}, uint8 zy = {0}> {
        y = QLinearConv(x, one, zx, w, one, zw, big, zy)
      }`;
    // Each kernel place has one channel at 255, so that no pair leaves int16.
    const results = evaluateText(
      text,
      { x: [255, 0, 0, 255], w: [127, 127, 127, 127] },
      { arithmetic: avx2Arithmetic },
    );
    expect(tensorText(results.get("y"))).toBe("uint8[1,1,1,1] 162");
  });
});
