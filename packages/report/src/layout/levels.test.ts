import { expect, test } from "vitest";
import { layoutLevel } from "./level-layout.ts";
import { boxesOf, closedSize, levelsOf } from "./levels.ts";

// 0 -> [1 -> [2] -> 3] -> 4, and 0 -> 3 beside: block 1 stands in block 0.
const graph = {
  nodes: [{ block: null }, { block: 0 }, { block: 1 }, { block: 0 }, { block: null }],
  edges: [
    [0, 1],
    [1, 2],
    [2, 3],
    [0, 3],
    [3, 4],
  ].map(([from, to], i) => ({ from: from!, to: to!, value: `v${i}` })),
  blocks: [{ parent: null }, { parent: 0 }],
};

test("an edge passes through every level between its ends, once", () => {
  const text = levelsOf(graph).map(({ items, edges }) => {
    const name = (index: number): string => `${items[index]!.kind} ${items[index]!.index}`;
    return edges.map(({ from, to }) => `${name(from)} > ${name(to)}`).join(", ");
  });
  expect(text).toEqual([
    "node 0 > block 0, block 0 > node 4",
    "in 0 > node 1, node 1 > block 1, block 1 > node 3, in 0 > node 3, node 3 > out 3",
    "in 1 > node 2, node 2 > out 2",
  ]);
});

test("boxes of a level do not overlap, edges lead down, and values come in at the top", () => {
  for (const level of levelsOf(graph)) {
    const boxes = boxesOf(level, () => closedSize);
    const { places, routes, width, height } = layoutLevel(boxes, level.edges);
    const at = (index: number): { x: number; y: number } => ({ x: places[2 * index]!, y: places[2 * index + 1]! });
    for (const [a, box] of boxes.entries()) {
      for (let b = 0; b < a; b++) {
        const apartX = Math.abs(at(a).x - at(b).x) >= (box.width + boxes[b]!.width) / 2;
        const apartY = Math.abs(at(a).y - at(b).y) >= (box.height + boxes[b]!.height) / 2;
        expect(apartX || apartY).toBe(true);
      }
      expect(at(a).x + box.width / 2).toBeLessThanOrEqual(width);
      expect(at(a).y + box.height / 2).toBeLessThanOrEqual(height);
    }
    const heights = (border: string): readonly number[] =>
      boxes.flatMap((box, index) => (box.border === border ? [at(index).y] : []));
    for (const y of heights("top")) expect(y).toBeLessThanOrEqual(1);
    for (const y of heights("bottom")) expect(y).toBeGreaterThanOrEqual(height - 1);
    for (const [index, { from, to }] of level.edges.entries()) {
      expect(at(from).y).toBeLessThan(at(to).y);
      expect(routes[index]!.length).toBeGreaterThanOrEqual(4);
    }
  }
});
