import fc from "fast-check";
import { expect, test } from "vitest";
import { convexRegions } from "./convex-regions.ts";
import { isConvex, returnPath } from "./convex.ts";
import { labels, randomGraphs, wired } from "./topology.testing.ts";
import type { Graph } from "../graph/graph.ts";
import { needs } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";

const isA = (node: Node) => node.op === "A";

function regions(graph: Graph): string[] {
  return labels(convexRegions(graph, isA));
}

test("a set that a result leaves and comes back to is not convex, and the way is told", () => {
  const graph = wired(`
    a = A x
    b = B a
    c = B b
    d = A a c`);
  const [a, b, c, d] = [...graph.nodes];
  expect(labels([returnPath([a!, d!])!])).toEqual(["a b c d"]);
  expect(isConvex([a!, b!, c!, d!])).toBe(true);
  expect(isConvex([a!, b!])).toBe(true);
  expect(isConvex([])).toBe(true);
});

test("a skip connection around a node that does not belong divides the region", () => {
  const graph = wired(`
    a = A x
    b = A a
    c = B b
    d = A c a
    e = A d`);
  expect(regions(graph)).toEqual(["a b", "d e"]);
});

test("a branch that bypasses nothing joins the region it leads to, though that comes later", () => {
  const graph = wired(`
    side = A x
    a = A x
    b = B a
    c = A b side`);
  expect(regions(graph)).toEqual(["a", "side c"]);
});

test("two regions that would need one another stay apart", () => {
  const graph = wired(`
    a = A x
    b = A y
    p = B a
    q = B b
    c = A b p
    d = A a q`);
  expect(regions(graph)).toEqual(["a", "b c", "d"]);
});

test("nodes that exchange no result are not put together", () => {
  const graph = wired(`
    a = A x
    b = A x`);
  expect(regions(graph)).toEqual(["a", "b"]);
});

test(
  "regions of random graphs are convex, connected, can run in order, and cannot be joined",
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(randomGraphs({ maxNodes: 16 }), (graph) => {
        const found = convexRegions(graph, isA);
        expect(new Set(found.flat())).toEqual(new Set([...graph.nodes].filter(isA)));
        expect(found.flat().length).toBe(new Set(found.flat()).size);
        for (const region of found) expect(isConvex(region)).toBe(true);
        expect(runsInOrder(graph, found)).toBe(true);
        for (const a of found) {
          for (const b of found) {
            if (a === b || !b.some((node) => [...needs(node)].some((other) => a.includes(other)))) continue;
            const joined = found.filter((region) => region !== a && region !== b);
            expect(isConvex([...a, ...b]) && canRun(graph, [...joined, [...a, ...b]])).toBe(false);
          }
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  },
);

test("a ladder of 100,000 nodes is divided", { timeout: 60_000 }, () => {
  const lines = ["a0 = A x", "b0 = B x"];
  for (let i = 1; i < 50_000; i++) lines.push(`a${i} = A a${i - 1} b${i - 1}`, `b${i} = B b${i - 1}`);
  expect(convexRegions(wired(lines.join("\n")), isA).map((region) => region.length)).toEqual([50_000]);
});

test("100,000 nodes that alternate are divided one by one", { timeout: 60_000 }, () => {
  const lines = Array.from(
    { length: 100_000 },
    (_, i) => `n${i + 1} = ${i % 2 ? "A" : "B"} n${i}${i > 3 ? ` n${i - 1}` : ""}`,
  );
  expect(convexRegions(wired(lines.join("\n")), isA).length).toBe(50_000);
});

/** Whether each region can run as one unit after the regions before it, other nodes as soon as they can. */
function runsInOrder(graph: Graph, regionList: readonly (readonly Node[])[]): boolean {
  const done = new Set<Node>();
  const ready = (node: Node, unit: readonly Node[]) =>
    [...needs(node)].every((other) => done.has(other) || unit.includes(other));
  const runOthers = () => {
    for (const node of graph.nodes) if (!isA(node) && ready(node, [])) done.add(node);
  };
  for (const region of regionList) {
    runOthers();
    if (!region.every((node) => ready(node, region))) return false;
    for (const node of region) done.add(node);
  }
  return true;
}

/** Whether units can run in some order. */
function canRun(graph: Graph, units: readonly (readonly Node[])[]): boolean {
  const done = new Set<Node>();
  const all = [...units, ...[...graph.nodes].filter((node) => !isA(node)).map((node) => [node])];
  for (let progress = true; progress;) {
    progress = false;
    for (const unit of all) {
      if (done.has(unit[0]!)) continue;
      if (!unit.every((node) => [...needs(node)].every((other) => done.has(other) || unit.includes(other)))) continue;
      for (const node of unit) done.add(node);
      progress = true;
    }
  }
  return done.size === graph.nodes.length;
}
