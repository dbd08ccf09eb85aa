import { describe, expect, test } from "vitest";
import { tensorType } from "../types.ts";
import { parseGraph, parseModel } from "./parse.ts";

test("operands, types and inferred results of a graph are read", () => {
  const graph = parseGraph(`
    g (float[N,3] x) => (float[N,3] y) <float[3] w = {1, 2.5, -3e-1}> {
      # a comment
      t = Add (x, w)   # another one
      y = Relu (t)
    }`);
  expect(graph.inputs.map((value) => value.type)).toEqual([tensorType("float", ["N", 3])]);
  expect([...graph.value("w")!.constant!.numbers()]).toEqual([1, 2.5, Math.fround(-0.3)]);
  expect(graph.value("t")!.type).toEqual(tensorType("float", ["N", 3]));
  expect([...graph.nodes].map((node) => [node.op, node.input.name])).toEqual([
    ["Add", "x"],
    ["Relu", "t"],
  ]);
});

test("a type without brackets is a scalar, empty brackets mean an unknown rank", () => {
  const { inputs } = parseGraph('g (float a, float[] b, float[?,N,"M + 1",2] c, d) => () {}');
  expect(inputs.map((value) => value.type)).toEqual([
    tensorType("float", []),
    tensorType("float", null),
    tensorType("float", [null, "N", "M + 1", 2]),
    null,
  ]);
});

test("a declared type of an inner value wins over the inferred one", () => {
  const graph = parseGraph("g (float[2] x) => (y) <float[M] t> { t = Relu (x) y = Relu (t) }");
  expect(graph.value("y")!.shape).toEqual(["M"]);
});

test("an initializer without data is filled from its name, the same way each time", () => {
  const text = "g () => () <float[2,3] w, int64[3] i, float[4] running_var, float[2,3] v> {}";
  const [a, b] = [parseGraph(text), parseGraph(text)];
  expect(a.value("w")!.initializer!.numbers()).toEqual(b.value("w")!.initializer!.numbers());
  expect(a.value("w")!.initializer!.numbers()).not.toEqual(a.value("v")!.initializer!.numbers());
  expect(
    a
      .value("running_var")!
      .initializer!.numbers()
      .every((value) => value >= 0.5),
  ).toBe(true);
  expect(
    a
      .value("i")!
      .initializer!.numbers()
      .every((value) => Number.isInteger(value)),
  ).toBe(true);
});

test("missing data can be zeros", () => {
  const graph = parseGraph("g () => () <float[3] w> {}", { missingData: "zero" });
  expect([...graph.value("w")!.initializer!.numbers()]).toEqual([0, 0, 0]);
});

test("made-up normal values have mean 0 and standard deviation 0.1", () => {
  const values = parseGraph("g () => () <float[100,100] w> {}").value("w")!.initializer!.numbers();
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  expect(mean).toBeCloseTo(0, 2);
  expect(deviation).toBeCloseTo(0.1, 2);
});

test("roles are read from the comment after an initializer", () => {
  const graph = parseGraph(`
    g () => () <
      float[2] w,   # parameter
      float[2] m = {0, 1} # buffer
      , float[2] c # whatever
    > {}`);
  expect([...graph.initializers].map((value) => value.role)).toEqual(["parameter", "buffer", "constant"]);
});

test("absent operands are empty names or nothing before a comma", () => {
  const graph = parseGraph(
    `g (x) => () { a = A (x, , x) b = B (, x) c = C ("", x) d = D (x,) e = E (,) f, "" = F () = G () }`,
  );
  const shown = [...graph.nodes].map((node) => node.inputs.map((value) => value?.name ?? null));
  expect(shown).toEqual([["x", null, "x"], [null, "x"], [null, "x"], ["x"], [null], [], []]);
  expect([...graph.nodes].slice(-2).map((node) => node.outputs.length)).toEqual([2, 0]);
});

test("domains, overloads and labels are read, quoted where they are not identifiers", () => {
  const graph = parseGraph(`g (x) => () {
    [first] a = com.microsoft.FusedMatMul (x, x)
    ["a b"] b = "my domain"."aten::add":v2 (x)
    c = "Op.With.Dots" (x)
  }`);
  expect([...graph.nodes].map((node) => [node.name, node.domain, node.op, node.overload])).toEqual([
    ["first", "com.microsoft", "FusedMatMul", ""],
    ["a b", "my domain", "aten::add", "v2"],
    ["", "", "Op.With.Dots", ""],
  ]);
});

test("attributes of every kind are read", () => {
  const graph = parseGraph(`g (x) => () {
    a = T <i = 1, f = 0.5, ff: float = 2, s = "a\\"b", is = [1, 2], fs = [1.5, 2], ss = ["a", "b"], e: ints = [],
           t = float[2] {1, 2}, named = int64[1] n = {3}, ts = [int8 {1}], tp = seq(float[N]), tps = [float, int64[]],
           r: ints = @outer, inf = -inf, word = nan> (x)
  }`);
  const kinds = [...graph.nodes.first!.attributes].map(([name, { kind }]) => `${name} ${kind}`);
  expect(kinds.join(", ")).toBe(
    "i int, f float, ff float, s string, is ints, fs floats, ss strings, e ints, t tensor, named tensor, ts tensors, " +
      "tp type_proto, tps type_protos, r ref, inf float, word float",
  );
  expect(graph.nodes.first!.string("s", "")).toBe('a"b');
});

test("lone surrogates in a string stand for bytes that are not UTF-8", () => {
  const graph = parseGraph('g () => () { a = T <text = "é", bytes = "a\udcff"> () }');
  expect(graph.nodes.first!.attributes.get("text")!.value).toBe("é");
  expect(graph.nodes.first!.attributes.get("bytes")!.value).toEqual(Uint8Array.of(0x61, 0xff));
});

test("integer literals of float16 and narrower are bit patterns, decimal ones are values", () => {
  const graph = parseGraph(
    "g () => () <float16[2] bits = {15360, 49152}, float16[2] values = {1.0, -2e0}, float8e4m3fn b = {56}> {}",
  );
  const elements = (name: string) => [...graph.value(name)!.constant!.numbers()];
  expect([elements("bits"), elements("values"), elements("b")]).toEqual([[1, -2], [1, -2], [1]]);
});

test("bodies read the values around them and belong to their node", () => {
  const graph = parseGraph(`
    g (bool b, float[3] x) => (float[3] y) {
      y = If (b) <
        then_branch = yes () => (float[3] p) { p = Relu (x) },
        else_branch = no () => (float[3] q) { q = Add (x, x) }
      >
    }`);
  const node = graph.nodes.first!;
  const body = node.subgraph("then_branch")!;
  expect(body.owner).toBe(node);
  expect(body.nodes.first!.input).toBe(graph.value("x"));
  expect(graph.value("x")!.uses.size).toBe(3);
});

describe("models", () => {
  test("the header gives versions, opsets and descriptions", () => {
    const model = parseModel(`
      < ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1], producer_name: "p", producer_version: "1.0",
        domain: "d", model_version: 3, doc_string: "doc", metadata_props: ["k": "v"] >
      g () => () {}`);
    const { graph: _, opsets, metadata, ...rest } = model;
    expect([...opsets, ...metadata]).toEqual([
      ["", 17],
      ["com.microsoft", 1],
      ["k", "v"],
    ]);
    expect(rest).toEqual({
      irVersion: 8,
      producerName: "p",
      producerVersion: "1.0",
      domain: "d",
      modelVersion: 3,
      docString: "doc",
      functions: [],
    });
  });

  test("without a header the opset is the canonical one and other domains have version 1", () => {
    const model = parseModel("g (x) => () { a = com.acme.Op (x) }");
    expect([...model.opsets]).toEqual([
      ["", 21],
      ["com.acme", 1],
    ]);
  });

  test("local functions have formal attributes and bodies of untyped values", () => {
    const { functions } = parseModel(`
      g (x) => (y) { y = local.f <alpha = 2.0> (x) }
      < opset_import: ["" : 21], domain: "local", overload: "v2", doc_string: "doc" >
      f <alpha: float = 1.0, gamma> (a) => (c) {
        b = Relu (a)
        c = Elu <alpha: float = @alpha> (b)
      }`);
    const [f] = functions;
    expect([f!.domain, f!.name, f!.overload, f!.docString]).toEqual(["local", "f", "v2", "doc"]);
    expect(f!.attributes).toEqual([
      { name: "alpha", kind: "float", default: { kind: "float", value: 1 } },
      { name: "gamma" },
    ]);
    expect(f!.body.value("b")!.type).toBeNull();
    expect(f!.body.nodes.last!.attributes.get("alpha")).toEqual({ kind: "ref", value: "alpha", of: "float" });
  });
});
