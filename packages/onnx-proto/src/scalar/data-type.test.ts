import { expect, test } from "vitest";
import { DataType, dataTypeOfCode, dataTypes, packedByteLength } from "./data-type.ts";

test("the rows of the table stand at their codes", () => {
  expect(dataTypes.map((type) => type.code)).toEqual(dataTypes.map((_, index) => index + 1));
  expect(dataTypes.map((type) => type.name)).toEqual(Object.keys(DataType).slice(1));
  expect(dataTypeOfCode(DataType.INT4)).toMatchObject({ name: "INT4", text: "int4", bits: 4, field: "int32_data" });
  expect([0, 27, -1, 1.5].map(dataTypeOfCode)).toEqual([undefined, undefined, undefined, undefined]);
});

test("the array of unpacked elements is at least as wide as an element", () => {
  const narrow = dataTypes.filter(({ array, bits, lanes }) => array && array(1).BYTES_PER_ELEMENT * 8 * lanes < bits);
  expect(narrow).toEqual([]);
});

test("packed elements take whole bytes", () => {
  const bytes = (code: number, count: number): number => packedByteLength(dataTypeOfCode(code)!, count);
  expect([
    bytes(DataType.INT4, 3),
    bytes(DataType.UINT2, 5),
    bytes(DataType.COMPLEX128, 2),
    bytes(DataType.BOOL, 3),
  ]).toEqual([2, 2, 32, 3]);
});
