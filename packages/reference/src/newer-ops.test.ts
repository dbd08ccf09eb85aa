import { expect, test } from "vitest";
import { kernelOf } from "./kernel-table.ts";
import { evaluateText, outputTexts } from "./text-graph.testing.ts";
import { opSchemas } from "@lowbit/ir";

test("TensorScatter writes each entry from its own index on, around the end in circular mode", () => {
  const text = `g (float[2,3,1] cache, float[2,2,1] update, int64[2] at) => (float[2,3,1] y) {
    y = TensorScatter <mode = "circular"> (cache, update, at)
  }`;
  const fed = { cache: [1, 2, 3, 4, 5, 6], update: [10, 20, 30, 40], at: [0, 2] };
  expect(outputTexts(evaluateText(text, fed))).toEqual({ y: "float[2,3,1] 10 20 3 40 5 30" });
});

test("CumProd multiplies up along its axis", () => {
  const text = `g (int64[4] x) => (int64[4] y, int64[4] z) <int64 axis = {0}> {
    y = CumProd(x, axis)
    z = CumProd <exclusive = 1, reverse = 1> (x, axis)
  }`;
  expect(outputTexts(evaluateText(text, { x: [2, 3, 4, 5] }))).toEqual({
    y: "int64[4] 2 6 24 120",
    z: "int64[4] 60 20 5 1",
  });
});

test("BitCast keeps the bits", () => {
  const text = `g (float[2] x) => (int32[2] y) { y = BitCast <to = 6> (x) }`;
  expect(outputTexts(evaluateText(text, { x: [1, -2] }))).toEqual({ y: `int32[2] ${0x3f800000} ${-0x40000000}` });
});

test("MaxPool can count indices column by column", () => {
  const text = `g (float[1,1,2,3] x) => (float[1,1,1,2] y, int64[1,1,1,2] i) { y, i = MaxPool <kernel_shape = [2, 2], storage_order = 1> (x) }`;
  expect(outputTexts(evaluateText(text, { x: [1, 2, 9, 4, 8, 3] }))).toEqual({
    y: "float[1,1,1,2] 8 9",
    i: "int64[1,1,1,2] 3 4",
  });
});

test("MaxUnpool keeps coordinates when the result is larger than the pool's operand was", () => {
  const text = `g (float[1,1,1,2] x, int64[1,1,1,2] i, int64[4] shape) => (float[1,1,3,5] y) {
    y = MaxUnpool <kernel_shape = [2, 2], strides = [2, 2]> (x, i, shape)
  }`;
  const fed = { x: [7, 8], i: [1, 6], shape: [1, 1, 3, 5] };
  expect(outputTexts(evaluateText(text, fed))).toEqual({ y: "float[1,1,3,5] 0 7 0 0 0 0 0 8 0 0 0 0 0 0 0" });
});

test("every op that has no kernel says why", () => {
  const missing = Object.values(opSchemas).flatMap(({ op, domain }) => {
    const kernel = kernelOf(op, domain);
    return typeof kernel === "function" ? [] : [`${op}: ${kernel!.noKernel}`];
  });
  expect(missing).toMatchInlineSnapshot(`
    [
      "SequenceMap: the interpreter knows tensors only, not sequences and optionals",
      "SequenceConstruct: the interpreter knows tensors only, not sequences and optionals",
      "SequenceEmpty: the interpreter knows tensors only, not sequences and optionals",
      "SequenceInsert: the interpreter knows tensors only, not sequences and optionals",
      "SequenceErase: the interpreter knows tensors only, not sequences and optionals",
      "SequenceAt: the interpreter knows tensors only, not sequences and optionals",
      "SequenceLength: the interpreter knows tensors only, not sequences and optionals",
      "ConcatFromSequence: the interpreter knows tensors only, not sequences and optionals",
      "SplitToSequence: the interpreter knows tensors only, not sequences and optionals",
      "Optional: the interpreter knows tensors only, not sequences and optionals",
      "OptionalGetElement: the interpreter knows tensors only, not sequences and optionals",
      "OptionalHasElement: the interpreter knows tensors only, not sequences and optionals",
      "RegexFullMatch: its RE2 syntax is not that of JavaScript's regular expressions",
      "TfIdfVectorizer: bags of n-grams are not part of what lowbit compiles",
      "ImageDecoder: decoding images is not part of what lowbit compiles",
    ]
  `);
});
