import fc from "fast-check";
import { expect, test } from "vitest";
import { FlowNetwork } from "./minimum-cut.ts";

/** A network of a few nodes, 0 the source and 1 the sink. */
const networks = fc.integer({ min: 2, max: 7 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    edges: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: size - 1 }),
        fc.integer({ min: 0, max: size - 1 }),
        fc.integer({ min: 0, max: 9 }),
      ),
      { maxLength: 20 },
    ),
  }),
);

type Edges = readonly (readonly [from: number, to: number, capacity: number])[];

function cutCost(edges: Edges, atSource: (node: number) => boolean): number {
  return edges.reduce((sum, [from, to, capacity]) => (atSource(from) && !atSource(to) ? sum + capacity : sum), 0);
}

test("cuts as cheaply as the best of all cuts", () => {
  fc.assert(
    fc.property(networks, ({ size, edges }) => {
      const network = new FlowNetwork();
      for (let i = 0; i < size; i++) network.addNode();
      for (const [from, to, capacity] of edges) network.addEdge(from, to, capacity);
      const side = network.cut(0, 1);
      const inner = Array.from({ length: 1 << (size - 2) }, (_, bits) =>
        cutCost(edges, (node) => node === 0 || (node > 1 && ((bits >> (node - 2)) & 1) === 1)),
      );
      expect([side[0], side[1]]).toEqual([true, false]);
      expect(cutCost(edges, (node) => side[node]!)).toBe(Math.min(...inner));
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("never cuts an infinite capacity where it can be avoided", () => {
  const network = new FlowNetwork();
  const [source, sink, a, b] = [network.addNode(), network.addNode(), network.addNode(), network.addNode()];
  network.addEdge(source!, a!, 5);
  network.addEdge(a!, b!, Infinity);
  network.addEdge(b!, sink!, 7);
  expect(network.cut(source!, sink!)).toEqual([true, false, false, false]);
});

test("cuts a chain of 20,000 nodes", () => {
  const network = new FlowNetwork();
  const nodes = Array.from({ length: 20_000 }, () => network.addNode());
  for (let i = 1; i < nodes.length; i++) network.addEdge(i - 1, i, i === 12_345 ? 1 : 2);
  expect(network.cut(0, nodes.length - 1).filter(Boolean).length).toBe(12_345);
});
