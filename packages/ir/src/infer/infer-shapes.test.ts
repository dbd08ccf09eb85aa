import { expect, test } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { mutable } from "../edit/mutable.ts";
import { Graph } from "../graph/graph.ts";
import { GraphEditor } from "../edit/graph-editor.ts";
import { parseGraph, parseModel } from "../text/parse.ts";
import { Tensor } from "../tensor.ts";
import { tensorType, typeText } from "../types.ts";
import { inferShapes } from "./infer-shapes.ts";

/** Forgets all types but those of the main graph's inputs and initializers, infers, and lists the results. */
function inferred(text: string, options: Parameters<typeof inferShapes>[1] = {}): Readonly<Record<string, string>> {
  const graph = parseGraph(text);
  for (const node of graph.nodes) for (const value of node.outputs) if (value) mutable(value).type = null;
  inferShapes(graph, options);
  return typesOf(graph);
}

function typesOf(graph: Graph): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...graph.nodes].flatMap((node) => node.outputs.map((value) => [value!.name, typeText(value!.type)])),
  );
}

function problems(run: () => unknown): readonly string[] {
  try {
    run();
    return [];
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return error.diagnostics.map(({ code, message }) => `${code}: ${message}`);
  }
}

test("types follow from those of the inputs, through arithmetic on shapes", () => {
  const types = inferred(`
    g (float[N, 3, 8, 8] x) => (float[] y)
    <int64[1] from = {1}, int64[1] to = {3}, int64[1] rest = {-1}, int64[1] zero = {0}> {
      shape = Shape (x)
      batch = Gather (shape, zero)
      target = Concat <axis: int = 0> (batch, rest)
      flat = Reshape (x, target)
      sizes = Slice (shape, from, to)
      pixels = ReduceProd <keepdims: int = 1> (sizes)
      wide = Concat <axis: int = 0> (batch, pixels, rest)
      y = Reshape (x, wide)
    }`);
  expect(types).toMatchInlineSnapshot(`
    {
      "batch": "int64[1]",
      "flat": "float[N,192]",
      "pixels": "int64[1]",
      "shape": "int64[4]",
      "sizes": "int64[2]",
      "target": "int64[2]",
      "wide": "int64[3]",
      "y": "float[N,24,8]",
    }
  `);
});

test("an unknown dimension is a symbol of its own, which results that share it repeat", () => {
  const types = inferred(`
    g (float[4] x) => (float[] y) {
      places = NonZero (x)
      columns = Transpose (places)
      y = GatherND (x, columns)
    }`);
  expect(types).toMatchInlineSnapshot(`
    {
      "columns": "int64[places__dim1,1]",
      "places": "int64[1,places__dim1]",
      "y": "float[places__dim1]",
    }
  `);
});

test("giving an input's symbol a size gives it everywhere, and shapes become static", () => {
  const types = inferred(
    `
    g (float[N, 4] x, float[N, L] z) => (float[] y)
    <int64[1] zero = {0}, int64[2] heads = {2, 2}> {
      shape = Shape (x)
      batch = Gather (shape, zero)
      target = Concat <axis: int = 0> (batch, heads)
      split = Reshape (x, target)
      sum = ReduceSum <keepdims: int = 1> (z)
      y = Add (split, z)
    }`,
    { inputShapes: { x: [2, null] } },
  );
  expect(types).toMatchInlineSnapshot(`
    {
      "batch": "int64[1]",
      "shape": "int64[2]",
      "split": "float[2,2,2]",
      "sum": "float[1,1]",
      "target": "int64[3]",
      "y": "float[2,2,2]",
    }
  `);
});

test("an input's size can be changed: shapes declared for inner values no longer count", () => {
  const model = parseModel(`
    <ir_version: 10, opset_import: ["" : 21, "acme" : 1]>
    g (float[1, 4] x) => (float[1, 4] z) <float[1, 4] y> {
      y = Relu (x)
      z = acme.Custom (y)
    }`);
  expect(inferShapes(model, { inputShapes: { x: [8, 4] } })).toEqual([]);
  expect(typesOf(model.graph)).toEqual({ y: "float[8,4]", z: "float[]" });
});

test("input shapes that cannot be say which input and why", () => {
  const graph = parseGraph("g (float[N, 4] x, float[N] z) => (float[N, 4] y) { y = Relu (x) }");
  expect([
    ...problems(() => inferShapes(graph, { inputShapes: { w: [1] } })),
    ...problems(() => inferShapes(graph, { inputShapes: { x: [1] } })),
    ...problems(() => inferShapes(graph, { inputShapes: { x: [-1, 4] } })),
    ...problems(() => inferShapes(graph, { inputShapes: { x: [1, 4], z: [2] } })),
  ]).toMatchInlineSnapshot(`
    [
      "shape/input: input "w" does not exist",
      "shape/input: input "x" cannot have shape [1]: its declared shape is [N,4]",
      "shape/input: input "x" cannot have shape [-1,4]: -1 is not a size",
      "shape/input: input "z" cannot have shape [2]: its symbol N is 1 elsewhere",
    ]
  `);
});

test("the more specific of declared and inferred stays, and contradictions are reported", () => {
  const graph = parseGraph(`
    g (float[N, 4] x, int64[2] target) => (float[3, 5] y)
    <float[batch, 4] a, float[2, K] b, float[7, 7] c> {
      a = Relu (x)
      b = Reshape (x, target)
      c = Neg (x)
      y = Add (x, x)
    }`);
  for (const [name, dims] of Object.entries({ a: ["batch", 4], b: [2, "K"], c: [7, 7], y: [3, 5] })) {
    mutable(graph.value(name)!).type = tensorType("float", dims);
  }
  const found = inferShapes(graph);
  expect(typesOf(graph)).toEqual({ a: "float[N,4]", b: "float[2,K]", c: "float[N,4]", y: "float[N,4]" });
  expect(found.map(({ code, message }) => `${code}: ${message}`)).toMatchInlineSnapshot(`
    [
      "shape/conflict: Neg "c": its result "c" is declared with shape [7,7], but inferred to have [N,4]",
      "shape/conflict: Add "y": its result "y" is declared with shape [3,5], but inferred to have [N,4]",
    ]
  `);
});

test("every node found wrong is named in one error", () => {
  const graph = new Graph("g");
  const editor = new GraphEditor(graph);
  const x = editor.input("x", tensorType("float", [2, 3]));
  for (const name of ["a", "b"]) {
    const y = editor.node("Relu", [x], {}, { outputs: [name] }).output;
    editor.output(editor.node("Neg", [y], {}, { outputs: [`${name}_sum`] }).output);
  }
  const bad = editor.initializer(Tensor.of("float", [1, 2]), "bad");
  for (const node of graph.nodes) {
    if (node.op !== "Neg") continue;
    mutable(node).op = "Add";
    editor.setInputs(node, [node.input, bad]);
  }
  expect(problems(() => inferShapes(graph))).toMatchInlineSnapshot(`
    [
      "shape/mismatch: Add "a_sum": shapes [2,3] and [2] cannot be broadcast: 3 and 2",
      "shape/mismatch: Add "b_sum": shapes [2,3] and [2] cannot be broadcast: 3 and 2",
    ]
  `);
});

test("running inference again changes nothing", () => {
  const graph = parseGraph(`
    g (float[N, 3, H, W] x, float[4, 3, 3, 3] w) => (float[] y) {
      c = Conv <strides: ints = [2, 2]> (x, w)
      y = Add (c, c)
    }`);
  inferShapes(graph);
  const first = typesOf(graph);
  expect(inferShapes(graph)).toEqual([]);
  expect(typesOf(graph)).toEqual(first);
});

test("nodes whose form is newer than the model's opset keep what the model declares", () => {
  const model = parseModel(`
    <ir_version: 7, opset_import: ["" : 12]>
    g (float[N, 3] x) => (float[N] y) { y = ReduceSum <axes: ints = [1], keepdims: int = 0> (x) }`);
  expect(inferShapes(model)).toEqual([]);
  expect(typesOf(model.graph)).toEqual({ y: "float[N]" });
});
