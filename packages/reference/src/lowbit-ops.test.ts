import { describe, expect, test } from "vitest";
import { evaluateText, outputTexts } from "./text-graph.testing.ts";

describe("FakeQuantize", () => {
  test("rounds ties to even and clamps, in the steps of QuantizeLinear and DequantizeLinear", () => {
    const text = `g (float[6] x) => (float[6] y, float[6] z) <float s = {0.5}, int8 zp = {1}> {
      y = lowbit.FakeQuantize <qmin = -8, qmax = 7> (x, s, zp)
      q = QuantizeLinear(x, s, zp)
      z = DequantizeLinear(q, s, zp)
    }`;
    expect(outputTexts(evaluateText(text, { x: [0.25, 0.75, -0.25, 2.9, 9, -9] }))).toEqual({
      y: "float[6] 0 1 0 3 3 -4.5",
      z: "float[6] 0 1 0 3 9 -9",
    });
  });

  test("has one scale per channel along its axis", () => {
    const text = `g (float[2,2] x) => (float[2,2] y) <float[2] s = {1, 0.25}, int8[2] zp = {0, 0}> {
      y = lowbit.FakeQuantize <qmin = -2, qmax = 2, axis = 1> (x, s, zp)
    }`;
    expect(outputTexts(evaluateText(text, { x: [0.3, 0.3, 5, 5] }))).toEqual({ y: "float[2,2] 0 0.25 2 0.5" });
  });

  test("has one scale per block of neighbours", () => {
    const text = `g (float[1,5] x) => (float[1,5] y) <float[1,3] s = {1, 0.5, 0.25}, int8[1,3] zp = {0, 0, 0}> {
      y = lowbit.FakeQuantize <qmin = -8, qmax = 7, axis = 1, block_size = 2> (x, s, zp)
    }`;
    expect(outputTexts(evaluateText(text, { x: [0.8, 0.8, 0.8, 0.8, 0.8] }))).toEqual({ y: "float[1,5] 1 1 1 1 0.75" });
  });
});

describe("FakeQuantizeGrad", () => {
  const grad = (
    attributes: string,
  ): string => `g (float[4] dy, float[4] x) => (float[4] dx, float ds, float dz) <float s = {0.5}, uint8 zp = {2}> {
    dx, ds, dz = lowbit.FakeQuantizeGrad <qmin = 0, qmax = 7 ${attributes}> (dy, x, s, zp)
  }`;

  test("passes inside the range, and gives LSQ's scale and LSQ+'s zero point gradients", () => {
    // Quotients 0.6 (inside, rounds to 1), 9 and 20 (code above 7), -3 (code -1, below 0).
    expect(outputTexts(evaluateText(grad(""), { dy: [1, 10, 100, 1000], x: [0.3, 4.5, 10, -1.5] }))).toEqual({
      dx: "float[4] 1 0 0 0",
      ds: `float[] ${Math.fround(1 - Math.fround(Math.fround(0.3) / 0.5) + 10 * 5 + 100 * 5 - 1000 * 2)}`,
      dz: `float[] ${-0.5 * 1110}`,
    });
  });

  test("needs no mask when the range covers all elements", () => {
    const results = outputTexts(evaluateText(grad(", covers_range = 1"), { dy: [1, 2, 3, 4], x: [0.5, 99, -99, 0] }));
    expect(results.dx).toBe("float[4] 1 2 3 4");
    expect(results.dz).toBe("float[] 0");
  });
});

describe("ObserveRange", () => {
  test("starts from the first range and then moves toward the current one", () => {
    const text = `g (float[3] x, float low, float high) => (float min, float max) {
      min, max = lowbit.ObserveRange <averaging_constant = 0.25> (x, low, high)
    }`;
    expect(outputTexts(evaluateText(text, { x: [-2, 1, 6], low: [Infinity], high: [-Infinity] }))).toEqual({
      min: "float[] -2",
      max: "float[] 6",
    });
    expect(outputTexts(evaluateText(text, { x: [-2, 1, 6], low: [-4], high: [2] }))).toEqual({
      min: "float[] -3.5",
      max: "float[] 3",
    });
  });

  test("takes the current range, or the running extremes, as its mode says; per channel along an axis", () => {
    const text = `g (float[2,3] x, float[2] low, float[2] high) => (float[2] a, float[2] b, float[2] c, float[2] d) {
      a, b = lowbit.ObserveRange <mode = "min-max", axis = 0> (x, low, high)
      c, d = lowbit.ObserveRange <mode = "current", axis = 0> (x)
    }`;
    expect(outputTexts(evaluateText(text, { x: [1, 2, 3, -4, -5, -6], low: [0, 0], high: [9, -9] }))).toEqual({
      a: "float[2] 0 -6",
      b: "float[2] 9 -4",
      c: "float[2] 1 -6",
      d: "float[2] 3 -4",
    });
  });
});

describe("QuantizationParameters", () => {
  const parameters = (
    attributes: string,
    dtype: string,
  ): string => `g (float[3] min, float[3] max) => (float[3] s, ${dtype}[3] z) {
    s, z = lowbit.QuantizationParameters <${attributes}, dtype = "${dtype}"> (min, max)
  }`;
  const ranges = { min: [-1, 1, 0], max: [3, 4, 0] };

  test("asymmetric ranges reach zero, and a range of nothing gets the smallest scale", () => {
    expect(outputTexts(evaluateText(parameters("qmin = 0, qmax = 255", "uint8"), ranges))).toEqual({
      s: `float[3] ${Math.fround(4 / 255)} ${Math.fround(4 / 255)} ${2 ** -23}`,
      z: "uint8[3] 64 0 0",
    });
  });

  test("symmetric ranges have zero point 0, or the middle of unsigned codes", () => {
    const s = `float[3] ${Math.fround(3 / 127)} ${Math.fround(4 / 127)} ${2 ** -23}`;
    expect(outputTexts(evaluateText(parameters("qmin = -127, qmax = 127, symmetric = 1", "int8"), ranges))).toEqual({
      s,
      z: "int8[3] 0 0 0",
    });
    expect(outputTexts(evaluateText(parameters("qmin = 1, qmax = 255, symmetric = 1", "uint8"), ranges))).toEqual({
      s,
      z: "uint8[3] 128 128 128",
    });
  });
});

describe("ConvBatchNormalization", () => {
  const inputs =
    "float[1,2,4,4] x, float[4,1,3,3] w, float[4] b, float[4] gamma, float[4] beta, float[4] mean, float[4] var";
  const fed = {
    x: Array.from({ length: 32 }, (_, i) => Math.fround(Math.sin(i))),
    w: Array.from({ length: 36 }, (_, i) => Math.fround(Math.cos(3 * i))),
    b: [1, -1, 0.5, 0],
    gamma: [1, 0.5, -2, 0],
    beta: [0, 1, 2, 3],
    mean: [0.1, -0.2, 0.3, 0.4],
    var: [1, 0.25, 4, 2],
  };

  test("without a weight dtype equals Conv followed by BatchNormalization", () => {
    const text = `g (${inputs}) => (float[1,4,4,4] y, float[1,4,4,4] z) {
      y = lowbit.ConvBatchNormalization <group = 2, pads = [1, 1, 1, 1]> (x, w, b, gamma, beta, mean, var)
      c = Conv <group = 2, pads = [1, 1, 1, 1]> (x, w, b)
      z = BatchNormalization(c, gamma, beta, mean, var)
    }`;
    const results = evaluateText(text, fed);
    const [y, z] = [results.get("y")!.numbers(), results.get("z")!.numbers()];
    expect(Math.max(...y.map((element, i) => Math.abs(element - z[i]!)))).toBeLessThan(2e-6);
  });

  test("quantizes the weights after the scaling, with the range of their magnitude per channel", () => {
    const text = `g (${inputs}) => (float[1,4,4,4] y, float[1,4,4,4] z) <int64[2] axes = {0, 0}, float[4] zero = {0, 0, 0, 0}, float eps = {0.00001}, int64[4] column = {4, 1, 1, 1}> {
      y = lowbit.ConvBatchNormalization <group = 2, pads = [1, 1, 1, 1], weight_dtype = "int8", weight_qmin = -7, weight_qmax = 7, weight_axis = 0> (x, w, b, gamma, beta, mean, var)
      widened = Add(var, eps)
      deviation = Sqrt(widened)
      k = Div(gamma, deviation)
      k4 = Reshape(k, column)
      scaled = Mul(w, k4)
      low, high = lowbit.ObserveRange <mode = "current", axis = 0> (scaled)
      s, zp = lowbit.QuantizationParameters <qmin = -7, qmax = 7, symmetric = 1, dtype = "int8"> (low, high)
      wq = lowbit.FakeQuantize <qmin = -7, qmax = 7, axis = 0> (scaled, s, zp)
      centered = Sub(b, mean)
      shifted = Mul(centered, k)
      bias = Add(shifted, beta)
      z = Conv <group = 2, pads = [1, 1, 1, 1]> (x, wq, bias)
    }`;
    const results = outputTexts(evaluateText(text, fed));
    expect(results.y).toBe(results.z);
  });

  test("scales the output channels of Gemm and ConvTranspose weights too", () => {
    const text = `g (float[2,3] x, float[3,2] w, float[2] gamma, float[2] beta, float[2] mean, float[2] var) => (float[2,2] y, float[2,2] z) {
      y = lowbit.ConvBatchNormalization <op = "Gemm"> (x, w, , gamma, beta, mean, var)
      c = Gemm(x, w)
      z = BatchNormalization(c, gamma, beta, mean, var)
    }`;
    const four = { gamma: [1, 3], beta: [0, 1], mean: [0.5, 0], var: [1, 4] };
    const results = evaluateText(text, { x: [1, 2, 3, 4, 5, 6], w: [1, 0, 0, 1, 1, 1], ...four });
    const transposed = `g (float[1,2,2,2] x, float[2,1,2,2] w, float[2] gamma, float[2] beta, float[2] mean, float[2] var) => (float[1,2,3,3] y, float[1,2,3,3] z) {
      y = lowbit.ConvBatchNormalization <op = "ConvTranspose", group = 2> (x, w, , gamma, beta, mean, var)
      c = ConvTranspose <group = 2> (x, w)
      z = BatchNormalization(c, gamma, beta, mean, var)
    }`;
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const each of [results, evaluateText(transposed, { x: numbers, w: numbers, ...four })]) {
      const [y, z] = [each.get("y")!.numbers(), each.get("z")!.numbers()];
      expect(Math.max(...y.map((element, i) => Math.abs(element - z[i]!)))).toBeLessThan(1e-4);
    }
  });
});
