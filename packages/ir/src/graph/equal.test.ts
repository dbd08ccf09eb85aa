import { expect, test } from "vitest";
import { parseGraph, parseModel } from "../text/parse.ts";
import { equalGraphs, equalModels } from "./equal.ts";

const base = `g (float[2] x, bool c) => (float[2] y) <float[2] w = {1, 2}> {
  [n] t = T <a = 1, f = 0.5, s = "s", is = [1, 2], v = float {1}> (x, w)
  y = If (c) <then_branch = p () => (u) { u = Relu (t) }, else_branch = q () => (v) { v = Relu (x) }>
}`;

test("a graph equals another parse of the same text", () => {
  expect(equalGraphs(parseGraph(base), parseGraph(base))).toBeNull();
});

test.each([
  ["g (", "h (", 'graph names are "g" and "h"'],
  ["float[2] x", "float[3] x", 'value "x": types are float[2] and float[3]'],
  ["{1, 2}", "{1, 3}", 'value "w": elements differ'],
  ["float[2] w", "int8[2] w", 'value "w": types are float[2] and int8[2]'],
  ["(x, w)", "(w, x)", 'node 0 (T "n"): operands are ["x","w"] and ["w","x"]'],
  ["[n] ", "[m] ", 'node 0 (T "n"): name is "n" and "m"'],
  ["= T", "= acme.T", 'node 0 (T "n"): domain is "" and "acme"'],
  ["a = 1", "a = 2", 'node 0 (T "n"): attribute a: 1 and 2'],
  ["a = 1", "a = 1.0", 'node 0 (T "n"): attribute a is int and float'],
  ["a = 1", "b = 1", 'node 0 (T "n"): attributes are ["a","f","is","s","v"] and ["b","f","is","s","v"]'],
  ["[1, 2]", "[1, 3]", 'node 0 (T "n"): attribute is: element 1: 2 and 3'],
  ["float {1}", "float {2}", 'node 0 (T "n"): attribute v: elements differ'],
  ["u = Relu", "u = Abs", 'node 1 (If "y"): attribute then_branch: node 0 (Relu "u"): op is "Relu" and "Abs"'],
])("%s against %s is told as a difference", (from, to, difference) => {
  expect(equalGraphs(parseGraph(base), parseGraph(base.replace(from, to)))).toBe(difference);
});

test("elements of ignored tensors may differ", () => {
  const other = parseGraph(base.replace("{1, 2}", "{1, 3}"));
  expect(equalGraphs(parseGraph(base), other, { ignoreData: (tensor) => tensor.size === 2 })).toBeNull();
});

test("models differ by their opsets", () => {
  const [a, b] = [17, 18].map((version) => parseModel(`<opset_import: ["" : ${version}]> g () => () {}`));
  expect(equalModels(a!, b!)).toBe('opsets are [["",17]] and [["",18]]');
});

test("models differ by the bodies of their local functions", () => {
  const [a, b] = ["Relu", "Abs"].map((op) => parseModel(`g () => () {} f (x) => (y) { y = ${op} (x) }`));
  expect(equalModels(a!, b!)).toBe('function .f: node 0 (Relu "y"): op is "Relu" and "Abs"');
});
