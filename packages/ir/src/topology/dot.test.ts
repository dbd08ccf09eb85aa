import { expect, test } from "vitest";
import { parseGraph } from "../text/parse.ts";
import { dotText } from "./dot.ts";

test("a graph is drawn with its inputs, outputs, regions and the values that bodies read", () => {
  const graph = parseGraph(`"my \\"graph\\"" (float[2] x, bool c) => (float[2] y) {
    [first] t = Relu (x)
    y = If (c) <then_branch = p () => (u) { u = Relu (t) }, else_branch = q () => (x) {}>
  }`);
  expect(dotText(graph, { regions: new Map([["int8", [graph.nodes.first!]]]) })).toMatchInlineSnapshot(`
    "digraph "my \\"graph\\"" {
      node [shape=box];
      in0 [label="x", shape=ellipse];
      in1 [label="c", shape=ellipse];
      subgraph "cluster int8" {
        label="int8";
        n0 [label="Relu\\nfirst"];
      }
      n1 [label="If"];
      in0 -> n0 [label="float[2]"];
      in1 -> n1 [label="bool"];
      in0 -> n1 [label="float[2]", style=dashed];
      n0 -> n1 [label="float[2]", style=dashed];
      out0 [label="y", shape=ellipse];
      n1 -> out0 [label="float[2]"];
    }"
  `);
});
