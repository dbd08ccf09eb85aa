import { expect, test } from "vitest";
import {
  addDims,
  asElement,
  dimProduct,
  dimQuotient,
  divideDims,
  equalDims,
  maxOfDims,
  minOfDims,
  moduloDims,
  multiplyDims,
  substitute,
  subtractDims,
  symbolsOf,
} from "./dim-algebra.ts";

test("symbols survive what does not change them and cancel against themselves", () => {
  expect([addDims("N", 0), subtractDims("N", 0), multiplyDims(1, "N"), divideDims("N", 1)]).toEqual([
    "N",
    "N",
    "N",
    "N",
  ]);
  expect([subtractDims("N", "N"), divideDims("N", "N"), moduloDims("N", "N"), multiplyDims("N", 0)]).toEqual([
    0, 1, 0, 0,
  ]);
  expect([addDims("N", 1), subtractDims("N", "M"), divideDims("N", 2)]).toEqual([null, null, null]);
});

test("a product of numbers and symbols is a symbol, the same one however it was made", () => {
  expect([multiplyDims("N", 4), multiplyDims(4, "N"), multiplyDims("M", "N"), multiplyDims("N", "M")]).toEqual([
    "4*N",
    "4*N",
    "M*N",
    "M*N",
  ]);
  expect([multiplyDims("4*N", 3), divideDims("12*N", 4), divideDims("4*N", "N"), divideDims("4*N", 3)]).toEqual([
    "12*N",
    "3*N",
    4,
    null,
  ]);
  expect([addDims("N", "N"), subtractDims("3*N", "N"), subtractDims("N", "3*N"), moduloDims("4*N", 2)]).toEqual([
    "2*N",
    "2*N",
    null,
    0,
  ]);
  expect([substitute("4*N", new Map([["N", 8]])), substitute("M*N", new Map([["N", "M"]]))]).toEqual([32, "M*M"]);
  expect(symbolsOf("4*M*N")).toEqual(["M", "N"]);
});

test("a symbol is a size: it is never negative", () => {
  expect([maxOfDims("N", 0), maxOfDims("N", 1), minOfDims("N", 2 ** 31 - 1), minOfDims("N", 5)]).toEqual([
    "N",
    null,
    "N",
    null,
  ]);
  expect([equalDims("N", -1), equalDims("N", "N"), equalDims("N", "M"), equalDims("N", 3)]).toEqual([0, 1, null, null]);
});

test("products and quotients of shapes", () => {
  expect([dimProduct([2, 3]), dimProduct(["N", 1]), dimProduct(["N", 2]), dimProduct([])]).toEqual([6, "N", "2*N", 1]);
  expect(dimQuotient(["N", 3, 8], ["N", 4])).toBe(6);
  expect(dimQuotient(["N", 3, 8], [24])).toBe("N");
  expect(dimQuotient(["N", 3, 8], ["M"])).toBeNull();
  expect(dimQuotient([2, 3], [4])).toBeUndefined();
  expect(dimQuotient([0, 3], [0])).toBeNull();
});

test("elements that the dtype cannot hold are unknown", () => {
  expect([
    asElement(200, "int8"),
    asElement(200, "uint8"),
    asElement(-1, "uint8"),
    asElement(2 ** 53, "int64"),
  ]).toEqual([null, 200, null, null]);
  expect([asElement(0.1, "float"), asElement(0.1, "double"), asElement(0.1, "float16")]).toEqual([
    Math.fround(0.1),
    0.1,
    null,
  ]);
});
