import { expect, test } from "vitest";
import { parseModel } from "../text/parse.ts";
import { lowerOpset, lowestOpset } from "./lowest-opset.ts";

function lowest(graph: string): number {
  return lowestOpset(parseModel(graph));
}

test("the lowest opset is the newest form among the nodes, bodies included", () => {
  expect(lowest(`g (float[4] x) => (y) { y = Relu (x) }`)).toBe(6);
  expect(lowest(`g (float[4] x) => (y) { a = Add (x, x) y = Relu (a) }`)).toBe(7);
  expect(
    lowest(`g (bool c, float[4] x, int64[1] k) => (y) {
      y = If (c) <then_branch = a () => (p) { p = ReduceMean (x, k) }, else_branch = b () => (q) { q = Relu (x) }>
    }`),
  ).toBe(18);
});

test("a dtype keeps a model above the opset that brought it", () => {
  expect(lowest(`g (float8e4m3fn[4] x) => (y) { y = Identity (x) }`)).toBe(19);
  expect(lowest(`g (int4[4] x) => (y) { y = Identity (x) }`)).toBe(21);
});

test("an unknown op of the ONNX domain keeps the model where it is", () => {
  expect(lowest(`g (float[4] x) => (y) { y = NewerThanUs (x) }`)).toBe(21);
  expect(lowest(`g (float[4] x) => (y) { y = com.acme.Op (x) }`)).toBe(1);
});

test("a lowered model declares its opset and the IR version of its time", () => {
  const model = parseModel(`g (float[4] x) => (y) { y = Relu (x) }`);
  lowerOpset(model);
  expect([model.opsets.get(""), model.irVersion]).toEqual([13, 7]);
  lowerOpset(model, 9);
  expect([model.opsets.get(""), model.irVersion]).toEqual([9, 4]);
});
