import { describe, expect, test } from "vitest";
import { GraphEditor } from "../edit/graph-editor.ts";
import { parseGraph, parseModel } from "./parse.ts";
import { printGraph, printModel } from "./print.ts";

function reprinted(text: string): string {
  return printGraph(parseGraph(text));
}

test("a graph prints one node a line, with only the types that inference would not find", () => {
  const text = reprinted(`
    g(float[N,3] x)=>(float[N,3] y)<float[3] w={1,2.50,-3e-1},float[64,3] large, int64[2] s = {-1, 4}, float[5] u>{
      [first] t=Add(x,w) u = com.acme.Op <axis=1> (t, , s) v = Relu(t) y = Relu(v) }`);
  expect(text).toMatchInlineSnapshot(`
    "g (float[N,3] x) => (float[N,3] y)
    <float[3] w = {1, 2.5, -0.3}, float[64,3] large, int64[2] s = {-1, 4}, float[5] u> {
      [first] t = Add (x, w)
      u = com.acme.Op <axis = 1> (t, "", s)
      v = Relu (t)
      y = Relu (v)
    }"
  `);
});

test("roles stand in comments, one value a line", () => {
  const text = reprinted(`g () => () <float[100] w, # parameter
    float[2] m = {0, 1}, float[2] v = {1, 2} # buffer
    > {}`);
  expect(text).toMatchInlineSnapshot(`
    "g () => ()
    <
      float[100] w,  # parameter
      float[2] m = {0, 1},
      float[2] v = {1, 2}  # buffer
    > {}"
  `);
});

test("bodies are indented below their node, after its operands", () => {
  const text =
    reprinted(`g (bool c, float[2] x) => (float[2] y) { y = If <then_branch = a () => (p) <float[2] k = {1, 2}>
    { p = Add (x, k) }, else_branch = "float" () => (q) { q = Relu (x) }> (c) }`);
  expect(text).toMatchInlineSnapshot(`
    "g (bool c, float[2] x) => (float[2] y) {
      y = If (c) <
        then_branch = a () => (float[2] p)
        <float[2] k = {1, 2}> {
          p = Add (x, k)
        },
        else_branch = "float" () => (float[2] q) {
          q = Relu (x)
        }
      >
    }"
  `);
});

test("attributes say their kind only where the value alone would be read as another", () => {
  const text =
    reprinted(`g (x) => () { a = T <i = 1, f = 1.0, e: floats = [], s = "a\\"b\\\\", is = [1], fs = [1.0, 1e30, -inf],
    t = float16[2] {15360, 0}, n = int4[3] n {-8, 7, 0}, r: ints = @r, tp = map(int64, seq(float[])), g = inf () => () {}> (x) }`);
  expect(text).toMatchInlineSnapshot(`
    "g (x) => () {
      a = T (x) <
        i = 1,
        f = 1.0,
        e: floats = [],
        s = "a\\"b\\\\",
        is = [1],
        fs = [1.0, 1e+30, -inf],
        t = float16[2] {15360, 0},
        n = int4[3] n {-8, 7, 0},
        r: ints = @r,
        tp = map(int64, seq(float[])),
        g = "inf" () => () {}
      >
    }"
  `);
});

test("an attribute's schema decides what an integer literal is, so another kind is said", () => {
  const text = reprinted("g (x) => () { a = Elu <alpha = 1> (x) b = Elu <alpha: int = 1> (x) }");
  expect(text).toMatchInlineSnapshot(`
    "g (x) => () {
      a = Elu <alpha = 1.0> (x)
      b = Elu <alpha: int = 1> (x)
    }"
  `);
});

test("an attribute that the syntax has no form for is told in a comment", () => {
  const graph = parseGraph("g () => () { a = Constant () }");
  new GraphEditor(graph).setAttribute(graph.nodes.first!, "sparse_value", {
    kind: "sparse_tensor",
    value: { message: {} },
  });
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "g () => () {
      a = Constant ()  # not shown: sparse_tensor attribute sparse_value
    }"
  `);
});

test("names that are not identifiers, or that begin types, are quoted", () => {
  const text = reprinted(
    `"a graph" (float["batch size", N] "x/0", "float") => ("é") { ["n:1"] "é" = "d d"."o.p" <"at tr" = 1> ("x/0", "float") }`,
  );
  expect(text).toMatchInlineSnapshot(`
    ""a graph" (float["batch size",N] "x/0", "float") => ("é") {
      ["n:1"] "é" = "d d"."o.p" <"at tr" = 1> ("x/0", "float")
    }"
  `);
});

test("origins of rewritten nodes stand in comments on demand", () => {
  const graph = parseGraph("g (float[2] x) => (float[2] y) { t = Relu (x) y = Relu (t) }");
  const editor = new GraphEditor(graph);
  const [first, second] = [...graph.nodes];
  const merged = editor.rewriting("merge-relu", [first!, second!], second!, () => editor.op.Relu([graph.inputs[0]!]));
  editor.replaceAllUses(second!.output, merged);
  editor.erase(second!);
  editor.erase(first!);
  expect(printGraph(graph, { origins: true })).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y) {
      y = Relu (x)  # merge-relu(t, y)
    }"
  `);
});

test("all types, or none, can be asked for", () => {
  const graph = parseGraph("g (float[2] x) => (y) { t = Relu (x) u = acme.Op (t) y = Relu (u) }");
  expect(printGraph(graph, { types: "all" })).toMatchInlineSnapshot(`
    "g (float[2] x) => (y)
    <float[2] t> {
      t = Relu (x)
      u = acme.Op (t)
      y = Relu (u)
    }"
  `);
});

test("large tensors in attributes print with empty braces", () => {
  const text = reprinted("g () => () { a = Constant <value = float[100] {}> () }");
  expect(text).toMatchInlineSnapshot(`
    "g () => () {
      a = Constant <value = float[100] {}> ()
    }"
  `);
});

test("the default of an input prints with the input", () => {
  expect(reprinted("g (float y = {1.0}, float[100] z, x) => () <float[100] z> {}")).toMatchInlineSnapshot(`
    "g (float y = {1}, float[100] z, x) => ()
    <float[100] z> {}"
  `);
});

describe("models", () => {
  test("print their header and local functions", () => {
    const model = parseModel(`
      < ir_version: 8, opset_import: ["" : 17, "local" : 1], producer_name: "p", metadata_props: ["k": "v"] >
      g (x) => (y) { y = local.f <alpha = 2.0> (x) }
      < opset_import: ["" : 17], domain: "local", doc_string: "doc" >
      f <alpha: float = 1.0, gamma> (float[N] a) => (c) { b = Relu (a) c = Elu <alpha: float = @alpha> (b) }`);
    expect(printModel(model)).toMatchInlineSnapshot(`
      "<ir_version: 8, opset_import: ["" : 17, "local" : 1], producer_name: "p", metadata_props: ["k": "v"]>
      g (x) => (y) {
        y = local.f <alpha = 2.0> (x)
      }

      <domain: "local", opset_import: ["" : 17], doc_string: "doc">
      f <alpha = 1.0, gamma> (float[N] a) => (c) {
        b = Relu (a)
        c = Elu <alpha: float = @alpha> (b)
      }"
    `);
  });

  test("of an opset older than an op's form print the types that are not inferred", () => {
    const model = parseModel(
      `<opset_import: ["" : 5]> g (float[2] x) => (y) <float[2] t> { t = Add (x, x) y = Relu (t) }`,
    );
    expect(printModel(model)).toMatchInlineSnapshot(`
      "<ir_version: 10, opset_import: ["" : 5]>
      g (float[2] x) => (y)
      <float[2] t> {
        t = Add (x, x)
        y = Relu (t)
      }"
    `);
  });
});
