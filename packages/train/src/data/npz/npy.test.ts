import { expect, test } from "vitest";
import { npyBytes } from "@lowbit/test-models";
import { CompileError, Tensor } from "@lowbit/ir";
import { npyOfObjects, npyOfRecords, npyOfText, npyVersion2, npyVersion3 } from "./numpy-files.testing.ts";
import { parseNpy } from "./npy.ts";

const plain = npyBytes(Tensor.of("float", [1, 2, 3, 4, 5, 6], [2, 3]));

function refusal(bytes: Buffer): string {
  try {
    parseNpy(bytes, "data.npz", "x");
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.message;
    throw error;
  }
  return "accepted";
}

/** A copy of `plain` whose header text has a part replaced by one of the same length. */
function withHeader(part: string, other: string): Buffer {
  return Buffer.from(plain.toString("latin1").replace(part, other), "latin1");
}

test.each([
  ["2", npyVersion2],
  ["3", npyVersion3],
])("reads format version %s as NumPy writes it", (_, bytes) => {
  const tensor = parseNpy(Buffer.from(bytes), "data.npz", "x");
  expect([tensor.dtype, tensor.dims, [...tensor.numbers()]]).toEqual(["uint16", [2], [7, 8]]);
});

test("reads a shape as Python 2 wrote it", () => {
  expect(parseNpy(withHeader("(2, 3), ", "(2L,3L),"), "data.npz", "x").dims).toEqual([2, 3]);
});

test.each([
  ["Python objects", npyOfObjects, 'array "x": it holds Python objects; save an array of numbers'],
  ["records", npyOfRecords, 'array "x": records with fields are not numbers'],
  ["text", npyOfText, 'array "x": elements of NumPy type "<U2" cannot be used; save numbers or booleans'],
  ["other bytes", Buffer.from("hello, world"), 'array "x": it does not begin like a NumPy array'],
  ["a file cut in its data", plain.subarray(0, -1), 'array "x": [2,3] float elements take 24 bytes, it has 23'],
  ["a file cut in its header", plain.subarray(0, 60), 'array "x": its header is cut off'],
  ["a file cut in the header's length", plain.subarray(0, 9), 'array "x": it does not begin like a NumPy array'],
  [
    "an unknown version",
    Buffer.concat([plain.subarray(0, 6), Buffer.of(9), plain.subarray(7)]),
    'array "x": format version 9 is unknown',
  ],
  ["a header without a shape", withHeader("'shape'", "'shope'"), 'array "x": its header cannot be read'],
  ["a negative shape", withHeader("(2, 3)", "(2,-3)"), 'array "x": its header cannot be read'],
  [
    "a shape of more elements than there are numbers",
    withHeader("(2, 3), }          ", "(99999999,99999999)"),
    'array "x": its shape (99999999,99999999) cannot be',
  ],
])("refuses %s", (_, bytes, reason) => {
  expect(refusal(Buffer.from(bytes))).toBe(`"data.npz" cannot be used: ${reason}`);
});
