import { alg } from "@dagrejs/graphlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseGraph } from "../text/parse.ts";
import { components } from "./components.ts";
import { shortestPath, toGraphlib } from "./graphlib-view.ts";
import { deadWithout, liveNodes, reachable } from "./reach.ts";
import { labels, randomGraphs, wired } from "./topology.testing.ts";

const diamond = wired(`
  a = A x
  b = A a
  c = A a
  d = A b e
  e = A c`);
const node = (name: string) => diamond.node(name)!;

test("reachable nodes are those that depend on the given ones, or that they need", () => {
  expect(labels([reachable([node("b")], "dependents")])).toEqual(["b d"]);
  expect(new Set(labels([...reachable([node("d")], "needed")].map((n) => [n])))).toEqual(
    new Set(["a", "b", "c", "d", "e"]),
  );
});

test("the shortest path goes through the fewest nodes", () => {
  expect(labels([shortestPath(node("a"), node("d"))!])).toEqual(["a b d"]);
  expect(shortestPath(node("d"), node("a"))).toBeNull();
});

test("live are the nodes that the outputs need, through bodies too, and those with side effects", () => {
  const graph = parseGraph(`g (bool c, float[2] x) => (y) <float[2] state = {0, 0} # buffer
    > {
      used = Relu (x)
      unused = Relu (x)
      y = If (c) <then_branch = p () => (u) { u = Relu (used) }, else_branch = q () => (x) {}>
      stored = lowbit.Assign (state, x)
    }`);
  expect([...liveNodes(graph)].map((n) => n.label).sort()).toEqual(["stored", "used", "y"]);
});

test("with a node die those that only it needs, but no graph outputs", () => {
  const graph = parseGraph(`g (x) => (e, y) {
    a = Relu (x) b = Relu (a) c = Relu (a) d = Add (b, c) e = Relu (x) f = Add (d, e) shared = Relu (x) h = Add (f, shared) y = Relu (shared)
  }`);
  const dead = deadWithout([graph.node("h")!]);
  expect([...dead].map((n) => n.label).sort()).toEqual(["a", "b", "c", "d", "f", "h"]);
});

test("components agree with graphlib's", () => {
  fc.assert(
    fc.property(randomGraphs(), (graph) => {
      const { graph: view } = toGraphlib(graph);
      const expected = alg.components(view as Parameters<typeof alg.components>[0]).map((names) =>
        names
          .map((name) => view.node(name).label)
          .sort()
          .join(" "),
      );
      const found = components(graph).map((nodes) =>
        nodes
          .map((n) => n.label)
          .sort()
          .join(" "),
      );
      expect(found.sort()).toEqual(expected.sort());
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("components of some nodes are not connected through the others", () => {
  const graph = wired(`
    a = A x
    b = B a
    c = A b
    d = A c`);
  expect(labels(components(graph, ({ op }) => op === "A"))).toEqual(["a", "c d"]);
});
