import { alg } from "@dagrejs/graphlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GraphEditor } from "../edit/graph-editor.ts";
import { isSorted } from "../graph/node-order.ts";
import { parseGraph } from "../text/parse.ts";
import { findCycles } from "./cycles.ts";
import { toGraphlib } from "./graphlib-view.ts";
import { levels, longestPath, sortNodes } from "./order.ts";
import { labels, randomGraphs, wired } from "./topology.testing.ts";

test("a node that comes too late moves to right before the first that needs it", () => {
  const graph = wired(`
    a = A x
    c = A b
    d = A a
    b = A x`);
  expect(isSorted(graph)).toBe(false);
  expect(sortNodes(graph)).toBeNull();
  expect(labels([graph.nodes])).toEqual(["a b c d"]);
  expect(labels([graph.nodes.reversed()])).toEqual(["d c b a"]);
});

test("a sorted graph keeps its order", () => {
  fc.assert(
    fc.property(randomGraphs(), (graph) => {
      const before = [...graph.nodes];
      expect(isSorted(graph)).toBe(true);
      expect(sortNodes(graph)).toBeNull();
      expect([...graph.nodes]).toEqual(before);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("what a body reads comes before the node that has it", () => {
  const graph = parseGraph(`g (bool c, float[2] x) => (y) {
    y = If (c) <then_branch = p () => (u) { u = Relu (t) }, else_branch = q () => (t) {}>
    t = Relu (x)
  }`);
  expect(isSorted(graph)).toBe(false);
  expect(sortNodes(graph)).toBeNull();
  expect(labels([graph.nodes])).toEqual(["t y"]);
});

test("a cycle is reported in the direction of the data, and the graph stays as it was", () => {
  const graph = wired(`
    a = A c
    b = A a
    c = A b`);
  expect(labels([sortNodes(graph)!])).toEqual(["b c a"]);
  expect(labels([graph.nodes])).toEqual(["a b c"]);
});

test("cycles are the sets of nodes that need one another", () => {
  const graph = wired(`
    a = A x
    b = A a c
    c = A b
    d = A d
    e = A c`);
  expect(labels(findCycles(graph))).toEqual(["b c", "d"]);
});

test("cycles agree with graphlib's", () => {
  fc.assert(
    fc.property(randomGraphs({ cyclic: true }), (graph) => {
      const { graph: view } = toGraphlib(graph);
      const expected = alg.findCycles(view as Parameters<typeof alg.findCycles>[0]).map((names) =>
        names
          .map((name) => view.node(name).label)
          .sort()
          .join(" "),
      );
      const found = findCycles(graph).map((nodes) =>
        nodes
          .map((node) => node.label)
          .sort()
          .join(" "),
      );
      expect(found.sort()).toEqual(expected.sort());
      expect(sortNodes(graph) === null).toBe(expected.length === 0);
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("levels count the nodes on the longest way from the inputs", () => {
  const graph = wired(`
    a = A x
    b = A a
    c = A a b
    d = A x`);
  expect([...levels(graph).values()]).toEqual([0, 1, 2, 0]);
});

test("the longest path follows the weights", () => {
  const graph = wired(`
    a = A x
    b = B a
    c = A a
    d = A c
    e = A b d`);
  expect(labels([longestPath(graph)])).toEqual(["a c d e"]);
  expect(labels([longestPath(graph, (node) => (node.op === "B" ? 5 : 1))])).toEqual(["a b e"]);
});

describe("a chain of 100,000 nodes", () => {
  const graph = wired(Array.from({ length: 100_000 }, (_, i) => `n${i + 1} = A n${i}`).join("\n"));

  test("has no cycle and one longest path", { timeout: 60_000 }, () => {
    expect(findCycles(graph)).toEqual([]);
    expect(longestPath(graph).length).toBe(100_000);
  });

  test("is sorted from the reverse order", { timeout: 60_000 }, () => {
    const editor = new GraphEditor(graph);
    for (const node of [...graph.nodes].reverse()) editor.move(node, null);
    expect(isSorted(graph)).toBe(false);
    expect(sortNodes(graph)).toBeNull();
    expect(isSorted(graph)).toBe(true);
  });
});
