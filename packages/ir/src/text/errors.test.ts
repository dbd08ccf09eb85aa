import { expect, test } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { parseModel } from "./parse.ts";

/** The diagnostic of a text that must not parse, as `code line:column message` without the excerpt. */
function fault(text: string): string {
  try {
    parseModel(text);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { code, message, where } = error.diagnostic;
    return `${code} ${where!.line}:${where!.column} ${message.split("\n")[0]}`;
  }
  return "parsed";
}

test("a message shows the source line with a caret under the place", () => {
  const parse = () => parseModel("g (x) => (y) {\n  y = Add (x, x\n}", { file: "a.txt" });
  expect(parse).toThrowErrorMatchingInlineSnapshot(`
    [CompileError: error text/syntax: expected ')' after operand list, got '}'
    3 | }
      | ^
      --> a.txt:3:1]
  `);
});

test("a long line is shown around the place only", () => {
  const operands = Array.from({ length: 100 }, (_, i) => `x${i}`).join(", ");
  expect(() => parseModel(`g () => () { y = Add (${operands} }`)).toThrowErrorMatchingInlineSnapshot(`
    [CompileError: error text/syntax: expected ')' after operand list, got '}'
    1 | x80, x81, x82, x83, x84, x85, x86, x87, x88, x89, x90, x91, x92, x93, x94, x95, x96, x97, x98, x99 }
      |                                                                                                    ^
      --> line 1:512]
  `);
});

test.each([
  ["", "text/syntax 1:1 expected the name of a graph, got the end of the text"],
  ["g", "text/syntax 1:2 expected '(' before the graph inputs, got the end of the text"],
  ["g (float) => () {}", "text/syntax 1:9 expected a value name after the type, got ')'"],
  ["g (x y) => () {}", "text/syntax 1:6 expected ')' after the graph inputs, got 'y'"],
  ["g (x) = (x) {}", "text/syntax 1:7 expected '=>' between the graph inputs and outputs, got '='"],
  ["g (x) => (x) { y = }", "text/syntax 1:20 expected the op of a node, got '}'"],
  ["g (x) => (x) { y Add (x) }", "text/syntax 1:18 expected '=' after the outputs of a node, got 'Add'"],
  ["g (x) => (x) { (x) }", "text/syntax 1:16 expected '=' or the outputs of a node, or '}', got '('"],
  ["g (x) => (x) { y = Add x }", "text/syntax 1:24 expected '(' before the operands of Add, got 'x'"],
  ["g (x) => (x) { y = Add (x }", "text/syntax 1:27 expected ')' after operand list, got '}'"],
  ["g (x) => (x) { y = Add <a> (x) }", "text/syntax 1:26 expected '=' after attribute a, got '>'"],
  ["g (x) => (x) { y = Add <a = > (x) }", "text/syntax 1:29 expected an attribute value, got '>'"],
  [
    "g (x) => (x) { y = Add <a: number = 1> (x) }",
    "text/syntax 1:28 expected an attribute type such as float, ints or graph, got 'number'",
  ],
  [
    "g (x) => (x) { y = Add <a = []> (x) }",
    "text/syntax 1:25 an empty list needs a list type, as in `axes: ints = []`",
  ],
  [
    "g (x) => (x) { y = Add <a: int = 1.5> (x) }",
    "text/syntax 1:25 attribute a is declared int but its value is float",
  ],
  ["g (x) => (x) { y = Add <a: int = [1]> (x) }", "text/syntax 1:25 attribute a is declared int but its value is ints"],
  ['g (x) => (x) { y = Add <a = [1, "s"]> (x) }', "text/syntax 1:25 the values of a list must be of one kind"],
  ["g (x) => (x) { y = Add <a = @b> (x) }", "text/syntax 1:25 a reference needs a type, as in `alpha: float = @alpha`"],
  [
    "g (x) => (x) { y = Add <a = 9223372036854775808> (x) }",
    "text/syntax 1:25 9223372036854775808 is out of the range of int64",
  ],
  ["g (x) => (x) { y = Add <a = 1e40> (x) }", "text/syntax 1:25 1e40 is out of the range of float32"],
  ["g (x) => (x) { y = Add <a = 1, a = 2> (x) }", "text/duplicate 1:32 attribute a of Add is given twice"],
  ["g (x) => (x) { y = Add (z) }", 'text/undefined 1:25 operand of Add "z" is not defined'],
  ["g (x) => (z) {}", 'text/undefined 1:11 graph output "z" is not defined'],
  ["g (x, x) => (x) {}", 'text/duplicate 1:7 value "x" is defined twice in one graph'],
  ["g (x) => (x) { x = Add (x) }", 'text/duplicate 1:16 value "x" is defined twice in one graph'],
  [
    "g () => () <float[2] w = {1, 2}, float[2] w = {1, 2}> {}",
    'text/duplicate 1:43 value "w" is defined twice in one graph',
  ],
  ["g () => () <float[2] w = {1}> {}", "text/data 1:26 float[2] needs 2 literals, got 1"],
  ["g () => () <float[N] w = {1}> {}", "text/data 1:26 data needs a tensor type with numeric dimensions, not float[N]"],
  ["g () => () <int8[1] w = {128}> {}", "text/data 1:26 128 is out of the range of int8"],
  ["g () => () <uint4[1] w = {-1}> {}", "text/data 1:27 -1 is out of the range of uint4"],
  ["g () => () <int32[1] w = {1.5}> {}", 'text/data 1:27 int32 element "1.5" is not an integer'],
  ["g () => () <bool[1] w = {2}> {}", "text/data 1:26 2 is out of the range of bool"],
  ["g () => () <float16[2] w = {1.5, 2}> {}", "text/data 1:34 float16 data mixes the value 1.5 with the bit pattern 2"],
  ['g () => () <float[1] w = {"a"}> {}', 'text/data 1:27 expected a number, got string "a"'],
  ["g () => () <string[1] w = {1}> {}", "text/data 1:28 expected a string, got 1"],
  [
    'g () => () <float[1] w = ["location": "f"]> {}',
    "text/data 1:26 external data is not read from text; give its elements or leave them out",
  ],
  [
    "g () => () <float[?] w> {}",
    'text/data 1:22 "w" is no output of a node of this graph, so it is an initializer and needs numeric dimensions, not type float[?]',
  ],
  ["g (float[-1] x) => () {}", "text/syntax 1:10 dimension -1 is negative"],
  ["g (float[9007199254740993] x) => () {}", "text/syntax 1:10 a dimension 9007199254740993 is too large"],
  ["g (seq float x) => () {}", "text/syntax 1:8 expected '(' after seq, got 'float'"],
  ["g (map(seq(float), float) x) => () {}", "text/syntax 1:8 expected an element type, got 'seq'"],
  [
    '<overload: "v"> g () => () {}',
    "text/syntax 1:2 expected one of ir_version, opset_import, producer_name, producer_version, domain, model_version, " +
      "doc_string, metadata_props, got 'overload'",
  ],
  ["<ir_version: one> g () => () {}", "text/syntax 1:14 expected ir_version, got 'one'"],
  ['<opset_import: ["": "1"]> g () => () {}', 'text/syntax 1:21 expected an opset version, got string "1"'],
  ["g () => () {} }", "text/syntax 1:15 expected a local function or the end of the text, got '}'"],
  [
    "g () => () {} f (x) => () <float[1] w> {}",
    'text/undefined 1:37 a function has no initializers, and "w" is no value of it',
  ],
  ['g ("x) => () {}', "text/syntax 1:4 the string that starts here has no closing quote"],
  ["g () => () {\n\n  y/1 = Relu (x) }", "text/syntax 3:4 unexpected character '/'"],
])("%j is refused", (text, expected) => {
  expect(fault(text)).toBe(expected);
});

test("nesting beyond any real model is refused instead of overflowing the stack", () => {
  const deep = 100_000;
  expect(fault(`g (${"seq(".repeat(deep)}float${")".repeat(deep)} x) => () {}`)).toBe(
    "text/syntax 1:800 types are nested more than 200 deep",
  );
  expect(fault("g () => () { = If <b = ".repeat(deep))).toBe("text/syntax 1:4603 graphs are nested more than 200 deep");
});

test("what inference finds wrong names the place in the text", () => {
  expect(fault("g (float[2] x, float[3] y) => () {\n  z = Add (x, y)\n}")).toMatchInlineSnapshot(
    `"shape/mismatch 2:3 Add "z": shapes [2] and [3] cannot be broadcast: 2 and 3"`,
  );
});
