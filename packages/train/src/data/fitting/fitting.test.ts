import { describe, expect, test } from "vitest";
import { CompileError, Tensor, type DType, type Shape } from "@lowbit/ir";
import type { DataOptions } from "../data-options.ts";
import { createFitting } from "./fitting.ts";

const sequence = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function fitX(x: Tensor, dtype: DType, shape: Shape, options: DataOptions = {}): Tensor {
  return createFitting([{ name: "x", dtype, shape }], options, "data.npz").fitBatch({ inputs: { x } }, 0).inputs["x"]!;
}

function fitY(target: Tensor, options: DataOptions): Tensor {
  const inputs = { x: Tensor.of("float", sequence(target.dims[0]!)) };
  return createFitting([{ name: "x", dtype: null, shape: null }], options, "data.npz").fitBatch({ inputs, target }, 100)
    .target!;
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CompileError) return `${error.diagnostic.code}: ${error.diagnostic.message}`;
    throw error;
  }
  return "accepted";
}

describe("shapes", () => {
  test.each<[string, number[], Shape, number[]]>([
    ["as they are", [2, 3, 4], ["N", 3, 4], [2, 3, 4]],
    ["with symbols in the input", [2, 3, 4], ["N", "H", null], [2, 3, 4]],
    ["with an axis of channels added", [2, 4, 6], ["N", 1, 4, 6], [2, 1, 4, 6]],
    ["with an axis of channels added last", [2, 4, 6], ["N", 4, 6, 1], [2, 4, 6, 1]],
    ["with an axis added beside symbols", [2, 4, 6], ["N", 1, "H", "W"], [2, 1, 4, 6]],
    ["flattened", [2, 4, 6], ["N", 24], [2, 24]],
    ["unflattened", [2, 24], ["N", 1, 4, 6], [2, 1, 4, 6]],
    ["whatever batch the model fixes", [2, 24], [1, 24], [2, 24]],
    ["one number per sample", [2], ["N", 1], [2, 1]],
  ])("samples are taken %s", (_, dims, wanted, expected) => {
    const x = Tensor.of("float", sequence(dims.reduce((a, b) => a * b, 1)), dims);
    const fitted = fitX(x, "float", wanted);
    expect([fitted.dims, fitted.numbers()]).toEqual([expected, x.numbers()]);
  });

  test.each<[number[], Shape, string]>([
    [[2, 4, 7], ["N", 24], '[4,7], but the model\'s input "x" takes [N,24]: 28 elements per sample, not 24'],
    [
      [2, 4, 6, 3],
      ["N", 3, 4, 6],
      '[4,6,3], but the model\'s input "x" takes [N,3,4,6]: the axes are in another order; transpose the data',
    ],
    [[2, 4, 6], ["N", 5, "W"], '[4,6], but the model\'s input "x" takes [N,5,W]: the shapes differ'],
    [[2], [], '[], but the model\'s input "x" takes []: the input has no axis for the samples'],
  ])("samples %j are refused for an input %j", (dims, wanted, reason) => {
    const x = Tensor.of("float", sequence(dims.reduce((a, b) => a * b, 1)), dims);
    expect(refusal(() => fitX(x, "float", wanted))).toBe(`data/shape: "data.npz" gives samples of shape ${reason}`);
  });
});

describe("dtypes", () => {
  test.each<[DType, DType, (number | bigint)[]]>([
    ["uint8", "float", [0, 255]],
    ["int64", "float", [-3, 2 ** 40]],
    ["double", "float", [0.5, NaN]],
    ["float16", "float", [0.5, -2]],
    ["bool", "float", [0, 1]],
    ["float", "float16", [0.5, -2]],
    ["uint8", "double", [1, 2]],
    ["int64", "int32", [-5, 7]],
    ["int32", "int64", [-5, 7]],
    ["uint8", "int8", [0, 127]],
  ])("%s becomes %s", (from, to, values) => {
    const fitted = fitX(Tensor.of(from, values), to, ["N"]);
    expect([fitted.dtype, [...fitted.numbers()]]).toEqual([to, values]);
  });

  test.each<[DType, DType, number[], string]>([
    ["float", "int64", [1], 'gives float where the model\'s input "x" takes int64'],
    ["int32", "bool", [1], 'gives int32 where the model\'s input "x" takes bool'],
    ["uint8", "int8", [128], 'gives uint8 numbers that do not fit into the int8 of the model\'s input "x"'],
    ["int64", "int32", [2 ** 31], 'gives int64 numbers that do not fit into the int32 of the model\'s input "x"'],
  ])("%s is refused for %s", (from, to, values, reason) => {
    expect(refusal(() => fitX(Tensor.of(from, values), to, ["N"]))).toBe(`data/dtype: "data.npz" ${reason}`);
  });
});

describe("normalization", () => {
  test("scales, then takes the mean off, then divides by the deviation", () => {
    const fitted = fitX(Tensor.of("uint8", [0, 51, 255], [3, 1]), "float", ["N", 1], {
      scale: 1 / 255,
      mean: [0.2],
      std: [0.5],
    });
    expect([...fitted.numbers()].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([-0.4, 0, 1.6]);
  });

  test.each<[string, Shape, number[], number[]]>([
    ["second axis", ["N", 2, 3], [1, 2, 3], [0, 1, 2, 30, 40, 50]],
    ["last axis", ["N", 3, 2], [1, 3, 2], [0, 10, 2, 30, 4, 50]],
  ])("takes one number per channel along the %s", (_, shape, dims, expected) => {
    const fitted = fitX(Tensor.of("float", sequence(6), dims), "float", shape, { std: [1, 0.1] });
    expect([...fitted.numbers()].map(Math.round)).toEqual(expected);
  });

  test.each<[DataOptions, DType, string]>([
    [{ mean: [1, 2, 3] }, "float", '3 numbers are given, but input "x" [N,2,2] has no axis of 3 channels'],
    [{ mean: [1, 2], std: [1, 2, 3] }, "float", "2 means do not go with 3 standard deviations"],
    [{ std: [0] }, "float", "a standard deviation is 0"],
    [{ scale: 2 }, "uint8", 'input "x" is uint8, and only float inputs can be normalized'],
  ])("refuses %j for %s", (options, dtype, reason) => {
    expect(refusal(() => fitX(Tensor.of(dtype, sequence(4), [1, 2, 2]), dtype, ["N", 2, 2], options))).toBe(
      `data/normalization: normalization: ${reason}`,
    );
  });
});

describe("targets", () => {
  test.each<[DType, number[], number[], Shape | null]>([
    ["uint8", [3], [3], ["N", 10]],
    ["int64", [3], [3], null],
    ["double", [3, 1], [3], ["N", 10]],
    ["int32", [3, 2, 2], [3, 2, 2], ["N", 10, "H", "W"]],
    ["int32", [3, 2, 2], [3, 2, 2], null],
  ])("class indices in %s of %j become int64 of %j", (dtype, dims, expected, output) => {
    const target = Tensor.of(
      dtype,
      sequence(dims.reduce((a, b) => a * b, 1)).map((i) => i % 10),
      dims,
    );
    const fitted = fitY(target, { targets: "class", output });
    expect([fitted.dtype, fitted.dims, fitted.numbers()]).toEqual(["int64", expected, target.numbers()]);
  });

  test("values take the shape of the output", () => {
    const fitted = fitY(Tensor.of("double", [0.5, 1, 2]), { targets: "value", output: ["N", 1] });
    expect([fitted.dtype, fitted.dims]).toEqual(["float", [3, 1]]);
  });

  test.each<[string, Tensor, DataOptions, string]>([
    [
      "a label outside the classes",
      Tensor.of("uint8", [0, 9, 10]),
      { targets: "class", output: ["N", 10] },
      'data/label: sample 102 of "data.npz" has label 10, but the model has 10 classes, 0 to 9',
    ],
    [
      "a negative label",
      Tensor.of("int8", [-1]),
      { targets: "class" },
      'data/label: sample 100 of "data.npz" has label -1, but labels count from 0',
    ],
    [
      "a fraction as label",
      Tensor.of("float", [0.5]),
      { targets: "class", output: ["N", 10] },
      'data/targets: the targets of "data.npz" hold 0.5, which is no class index',
    ],
    [
      "one-hot labels",
      Tensor.of("float", [0, 1, 0], [1, 3]),
      { targets: "class", output: ["N", 3] },
      'data/targets: the targets of "data.npz" [1,3] are not one class index per sample; they look one-hot: give the index of the 1 instead',
    ],
    [
      "values of another shape",
      Tensor.of("float", [0, 1, 0], [1, 3]),
      { targets: "value", output: ["N", 2] },
      'data/targets: the targets of "data.npz" [1,3] do not fit the model\'s output [N,2]: 3 elements per sample, not 2',
    ],
    [
      "class indices as values",
      Tensor.of("int64", [2]),
      { targets: "value", output: ["N", 3] },
      'data/targets: the targets of "data.npz" [1] do not fit the model\'s output [N,3]: 1 element per sample, not 3; they look like class indices, which cross-entropy takes',
    ],
  ])("refuses %s", (_, target, options, reason) => {
    expect(refusal(() => fitY(target, options))).toBe(reason);
  });
});

test("refuses arrays with different numbers of samples", () => {
  const fitting = createFitting([{ name: "x", dtype: "float", shape: ["N"] }], { targets: "class" }, "data.npz");
  const raw = { inputs: { x: Tensor.of("float", [1, 2]) }, target: Tensor.of("int64", [1, 2, 3]) };
  expect(refusal(() => fitting.fitBatch(raw, 0))).toBe('data/count: "data.npz" has 2 samples, but `y` has 3');
});
