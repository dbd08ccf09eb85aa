import { CompileError, parseModel, Tensor } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import {
  armArithmetic,
  floatArithmetic,
  gemmlowpArithmetic,
  qnnpackArithmetic,
  rndnuArithmetic,
  type IntegerArithmetic,
} from "./integer-arithmetic.ts";
import { evaluate } from "../evaluate.ts";
import type { AffineOutput } from "./types.ts";

const wide: AffineOutput = { scale: 1, zeroPoint: 0, range: [-128, 127] };

/** Codes of accumulators under a multiplier `m` (x scale m, weight scale 1, output scale 1). */
function codes(arithmetic: IntegerArithmetic, multiplier: number, accumulators: readonly number[], y = wide): number[] {
  return accumulators.map(arithmetic.requantize({ x: Math.fround(multiplier), w: 1 }, y));
}

describe("requantization", () => {
  const halves = [-5, -3, -1, 1, 3, 5];

  test("the float multiplier rounds ties to even", () => {
    expect(codes(floatArithmetic, 0.5, halves)).toEqual([-2, -2, 0, 0, 2, 2]);
  });

  test("QNNPACK rounds exact halves away from zero, after its first rounding", () => {
    expect(codes(qnnpackArithmetic, 0.25, [-10, -6, -2, 2, 6, 10])).toEqual([-3, -2, -1, 1, 2, 3]);
  });

  test("the high half of the doubled product takes ties upward, in QNNPACK and gemmlowp alike", () => {
    // With m = 1/2 it is exact to a half, and nothing is left to shift.
    expect(codes(qnnpackArithmetic, 0.5, halves)).toEqual([-2, -1, 0, 1, 2, 3]);
    expect(codes(gemmlowpArithmetic, 0.5, halves)).toEqual([-2, -1, 0, 1, 2, 3]);
  });

  test("gemmlowp makes its multiplier out of the double quotient, QNNPACK out of the float32 one", () => {
    // 1/3 needs more than the 24 bits of a float32: the products differ from 2^25 on.
    const product = { x: 1, w: 1 };
    const y: AffineOutput = { scale: 3, zeroPoint: 0, range: [-(2 ** 31), 2 ** 31 - 1] };
    expect(gemmlowpArithmetic.requantize(product, y)(3 * 2 ** 27)).toBe(2 ** 27);
    expect(qnnpackArithmetic.requantize(product, y)(3 * 2 ** 27)).toBe(2 ** 27 + 4);
  });

  test("XNNPACK's 24-bit multiplier rounds once, ties upward", () => {
    expect(codes(rndnuArithmetic, 0.5, halves)).toEqual([-2, -1, 0, 1, 2, 3]);
  });

  test("two roundings differ from one by a code now and then", () => {
    const multiplier = 0.0047;
    const accumulators = Array.from({ length: 4001 }, (_, i) => 13 * i - 26000);
    const float = codes(floatArithmetic, multiplier, accumulators);
    const qnnpack = codes(qnnpackArithmetic, multiplier, accumulators);
    const distances = new Set(float.map((code, i) => Math.abs(code - qnnpack[i]!)));
    expect([...distances].every((distance) => distance <= 1)).toBe(true);
  });

  test("results are clamped to the output's range around its zero point", () => {
    const y: AffineOutput = { scale: 1, zeroPoint: 100, range: [100, 255] };
    for (const arithmetic of [floatArithmetic, qnnpackArithmetic, gemmlowpArithmetic, rndnuArithmetic]) {
      expect(codes(arithmetic, 0.75, [-400, -4, 4, 200, 400], y)).toEqual([100, 100, 103, 250, 255]);
    }
  });

  test("the float multiplier is f32(f32(x·w) / y)", () => {
    const product = { x: Math.fround(0.1), w: Math.fround(0.3) };
    const y: AffineOutput = { scale: Math.fround(0.7), zeroPoint: 0, range: [-(2 ** 31), 2 ** 31 - 1] };
    const multiplier = Math.fround(Math.fround(0.10000000149011612 * 0.30000001192092896) / 0.699999988079071);
    expect(floatArithmetic.requantize(product, y)(2 ** 24)).toBe(Math.round(2 ** 24 * multiplier));
  });

  test("a multiplier that a fixed-point form cannot hold is a diagnostic", () => {
    expect(() => codes(qnnpackArithmetic, 1, [1])).toThrow(CompileError);
    expect(() => codes(rndnuArithmetic, 256, [1])).toThrow(CompileError);
    expect(codes(gemmlowpArithmetic, 3.5, [3])).toEqual([11]);
  });
});

describe("addition", () => {
  const a = { scale: Math.fround(0.02), zeroPoint: 10 };
  const b = { scale: Math.fround(0.03), zeroPoint: 120 };
  const y: AffineOutput = { scale: Math.fround(0.05), zeroPoint: 64, range: [0, 255] };

  test("float and fixed point agree on sums that are not ties", () => {
    // (20 - 10)·0.02 + (140 - 120)·0.03 = 0.8 = 16 steps of 0.05.
    expect(floatArithmetic.add(a, b, y)(20, 140)).toBe(80);
    expect(armArithmetic.add(a, b, y)(20, 140)).toBe(80);
  });

  test("the float sum begins with the second operand, as seen in ResNet20 on ONNX Runtime", () => {
    const a = { scale: Math.fround(0.008877021260559559), zeroPoint: 108 };
    const b = { scale: Math.fround(0.005832316353917122), zeroPoint: 0 };
    const y: AffineOutput = { scale: Math.fround(0.009498980827629566), zeroPoint: 0, range: [0, 255] };
    expect(floatArithmetic.add(a, b, y)(171, 159)).toBe(156);
    expect(floatArithmetic.add(b, a, y)(159, 171)).toBe(157);
  });

  test("float takes ties to even, fixed point away from zero", () => {
    const unit = { scale: 0.5, zeroPoint: 0 };
    const out: AffineOutput = { scale: 1, zeroPoint: 0, range: [-128, 127] };
    const sums = [-5, -3, -1, 1, 3, 5];
    expect(sums.map((sum) => floatArithmetic.add(unit, unit, out)(sum, 0))).toEqual([-2, -2, -0, 0, 2, 2]);
    expect(sums.map((sum) => armArithmetic.add(unit, unit, out)(sum, 0))).toEqual([-3, -2, -1, 1, 2, 3]);
  });

  test("fixed point falls back to float when a ratio is out of its range", () => {
    const tiny = { scale: Math.fround(1e-6), zeroPoint: 0 };
    expect(armArithmetic.add(tiny, b, y)(255, 140)).toBe(floatArithmetic.add(tiny, b, y)(255, 140));
  });
});

describe("multiplication", () => {
  test("two roundings make a tie that one rounding does not see", () => {
    // -7575·f32(0.02) + 184 is 32.5000034; the product alone rounds to -151.5.
    const a = { scale: 0.5, zeroPoint: 103 };
    const b = { scale: Math.fround(0.04), zeroPoint: 151 };
    const y: AffineOutput = { scale: 1, zeroPoint: 184, range: [0, 255] };
    expect(floatArithmetic.multiply(a, b, y)(2, 226)).toBe(32);
    expect(armArithmetic.multiply(a, b, y)(2, 226)).toBe(33);
  });
});

describe("averages", () => {
  test("float takes ties to even, fixed point away from zero", () => {
    const unit = { scale: 1, zeroPoint: 0 };
    const y: AffineOutput = { scale: 1, zeroPoint: 0, range: [0, 255] };
    expect([1, 3, 5].map(floatArithmetic.average(unit, y, 2))).toEqual([0, 2, 2]);
    expect([1, 3, 5].map(qnnpackArithmetic.average(unit, y, 2))).toEqual([1, 2, 3]);
  });

  test("the zero point of the operand counts once per element", () => {
    const x = { scale: Math.fround(0.1), zeroPoint: 100 };
    const y: AffineOutput = { scale: Math.fround(0.05), zeroPoint: 7, range: [0, 255] };
    // Mean code 110 is 1.0, which is 20 steps of 0.05.
    expect(floatArithmetic.average(x, y, 4)(440)).toBe(27);
    expect(qnnpackArithmetic.average(x, y, 4)(440)).toBe(27);
  });

  test("pools with windows sum codes where the kernels do, and padding adds codes of 0 that count", () => {
    const { graph } = parseModel(`<opset_import: ["" : 21, "com.microsoft" : 1]>
      g (uint8[1,1,1,4] x) => (uint8[1,1,1,3] y) <float s = {1.0}, uint8 z = {10}> {
        y = com.microsoft.QLinearAveragePool <kernel_shape = [1, 2], strides = [1, 2], pads = [0, 1, 0, 1], count_include_pad = 1> (x, s, z, s, z)
      }`);
    const x = Tensor.of("uint8", [13, 12, 11, 15], [1, 1, 1, 4]);
    const pooled = (arithmetic: IntegerArithmetic): readonly number[] => [
      ...evaluate(graph, new Map([["x", x]]), { arithmetic })
        .get("y")!
        .numbers(),
    ];
    // Sums over the zero point: 0 + 3, 2 + 1, 5 + 0; halves go to even or away from zero.
    expect(pooled(armArithmetic)).toEqual([12, 12, 12]);
    expect(pooled(qnnpackArithmetic)).toEqual([12, 12, 13]);
  });
});
