import { expect, test } from "vitest";
import { graphsOf } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/value.ts";
import { GraphEditor } from "../edit/graph-editor.ts";
import { mutable } from "../edit/mutable.ts";
import { parseGraph } from "../text/parse.ts";
import { typeText } from "../types.ts";
import { inferShapes } from "./infer-shapes.ts";

/** Types of all results, bodies included, once those that the text declares are forgotten. */
function inferred(text: string): Readonly<Record<string, string>> {
  const graph = parseGraph(text);
  const graphs = graphsWithin(graph);
  for (const each of graphs)
    for (const node of each.nodes) for (const value of node.outputs) mutable(value!).type = null;
  inferShapes(graph);
  const values = graphs.flatMap((each) => [
    ...(each === graph ? [] : each.inputs),
    ...[...each.nodes].flatMap((node) => node.outputs),
  ]);
  return Object.fromEntries(values.map((value) => [value!.name, typeText(value!.type)]));
}

function graphsWithin(root: Graph): readonly Graph[] {
  const graphs = [root];
  for (const graph of graphs) {
    for (const node of graph.nodes)
      for (const attribute of node.attributes.values()) graphs.push(...graphsOf(attribute));
  }
  return graphs;
}

test("an If gives what both branches give", () => {
  expect(
    inferred(`
      g (bool c, float[N, 4] x) => (float[] same, float[] differs) {
        same, differs = If (c) <
          then_branch: graph = yes () => (float[] a, float[] b) {
            a = Relu (x)
            b = Transpose (x)
          },
          else_branch: graph = no () => (float[] d, float[] e) {
            d = Neg (x)
            e = Neg (x)
          }
        >
      }`),
  ).toMatchInlineSnapshot(`
    {
      "a": "float[N,4]",
      "b": "float[4,N]",
      "d": "float[N,4]",
      "differs": "float[differs__dim0,differs__dim1]",
      "e": "float[N,4]",
      "same": "float[N,4]",
    }
  `);
});

test("a carried value keeps the dimensions that no iteration changes", () => {
  expect(
    inferred(`
      g (int64 trips, float[1, N] x, float[2, N] row) => (float[] last, float[] all) {
        last, all = Loop (trips, , x) <
          body: graph = b (int64 i, bool go, float[] state) => (bool go_on, float[] grown, float[] each) {
            go_on = Identity (go)
            grown = Concat <axis: int = 0> (state, row)
            each = ReduceSum (row)
          }
        >
      }`),
  ).toMatchInlineSnapshot(`
    {
      "all": "float[all__dim0,1,1]",
      "each": "float[1,1]",
      "go": "bool",
      "go_on": "bool",
      "grown": "float[grown__dim0,N]",
      "i": "int64",
      "last": "float[last__dim0,N]",
      "state": "float[state__dim0,N]",
    }
  `);
});

test("a carried value that keeps its shape keeps it outside too", () => {
  expect(
    inferred(`
      g (int64 trips, float[3, N] x) => (float[] last, float[] all) {
        last, all = Loop (trips, , x) <
          body: graph = b (int64 i, bool go, float[] state) => (bool go_on, float[] next, float[] copy) {
            go_on = Identity (go)
            next = Relu (state)
            copy = Identity (next)
          }
        >
      }`),
  ).toMatchInlineSnapshot(`
    {
      "all": "float[all__dim0,3,N]",
      "copy": "float[3,N]",
      "go": "bool",
      "go_on": "bool",
      "i": "int64",
      "last": "float[3,N]",
      "next": "float[3,N]",
      "state": "float[3,N]",
    }
  `);
});

test("a size found inside a body has no name outside", () => {
  const types = inferred(`
    g (int64 trips, float[4] x) => (float[] all) {
      all = Loop (trips, ) <
        body: graph = b (int64 i, bool go) => (bool go_on, float[] found) {
          go_on = Identity (go)
          places = NonZero (x)
          columns = Transpose (places)
          found = GatherND (x, columns)
        }
      >
    }`);
  expect(types["found"]).toBe("float[places__dim1]");
  expect(types["all"]).toBe("float[all__dim0,all__dim1]");
});

test("Scan gives its body slices and stacks what it returns", () => {
  expect(
    inferred(`
      g (float[H] state, float[L, H] xs) => (float[] last, float[] ys) {
        last, ys = Scan (state, xs) <
          num_scan_inputs: int = 1,
          body: graph = b (float[] s, float[] x) => (float[] next, float[] y) {
            next = Add (s, x)
            y = Relu (next)
          }
        >
      }`),
  ).toMatchInlineSnapshot(`
    {
      "last": "float[H]",
      "next": "float[H]",
      "s": "float[H]",
      "x": "float[H]",
      "y": "float[H]",
      "ys": "float[L,H]",
    }
  `);
});

test("what does not fit in a branch is a warning: the branch may never run", () => {
  const graph = parseGraph(`
    g (bool c, float[2, 3] x, float[3] y) => (float[] z) {
      z = If (c) <
        then_branch: graph = yes () => (float[] a) { a = Add (x, y) },
        else_branch: graph = no () => (float[] b) { b = Relu (x) }
      >
    }`);
  const [add] = [...graphsWithin(graph)[1]!.nodes];
  mutable(graph.value("y")!).type = { kind: "tensor", dtype: "float", shape: [4] };
  expect(inferShapes(graph).map(({ severity, message }) => `${severity}: ${message}`)).toMatchInlineSnapshot(`
    [
      "warning: Add "a": shapes [2,3] and [4] cannot be broadcast: 3 and 4",
    ]
  `);
  expect(add!.op).toBe("Add");
});

test("bodies nested a thousand deep do not overflow the stack", () => {
  const depth = 1000;
  const graph = parseGraph("g (bool c, float[2] x) => (float[2] y) { y = Relu (x) }");
  let body = graph;
  for (let level = 0; level < depth; level++) body = nested(body, level);
  inferShapes(graph);
  expect(typeText(body.outputs[0]!.type)).toBe("float[2]");
});

/** Adds an If whose two branches are graphs of one node each; returns the first branch. */
function nested(around: Graph, level: number): Graph {
  const branches = ["then", "else"].map((side) => {
    const branch = new Graph(`${side}${level}`, null, around);
    const editor = new GraphEditor(branch);
    editor.output(editor.op.Relu([outermost(around, "x")], {}, { outputs: [`${side}${level}_y`] }));
    return branch;
  });
  const editor = new GraphEditor(around);
  editor.op.If(
    [outermost(around, "c")],
    { then_branch: branches[0]!, else_branch: branches[1]! },
    { outputs: [`if${level}`] },
  );
  return branches[0]!;
}

function outermost(graph: Graph, name: string): Value {
  let root = graph;
  while (root.owner) root = root.owner.graph;
  return root.value(name)!;
}
