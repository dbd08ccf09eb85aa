import { describe, expect, test } from "vitest";
import type { ReportEdge } from "../report-data.ts";
import { blocksOf } from "./blocks.ts";

const chain = (names: readonly string[]): readonly ReportEdge[] =>
  names.slice(1).map((name, i) => ({ from: i, to: i + 1, value: name }));

function blocks(nodes: readonly (readonly [name: string, op: string])[], edges: readonly ReportEdge[]): string {
  const found = blocksOf(
    nodes.map(([name, op]) => ({ name, op })),
    edges,
  );
  const line = ({ name, parent, alike }: (typeof found.blocks)[number], index: number): string => {
    const inside = found.blockOf.flatMap((block, node) => (block === index ? [node] : []));
    return `${index}: ${name} in ${parent ?? "the graph"}, ${alike} alike, holds ${inside.join(" ")}`;
  };
  return found.blocks.map(line).join("\n");
}

describe("blocks by names", () => {
  test("are the modules that at least three nodes stand in, and not the whole graph", () => {
    const names = ["a/l1/l1.0/conv", "a/l1/l1.0/relu", "a/l1/l1.0/add", "a/l1/l1.1/conv", "a/fc/Gemm"];
    expect(
      blocks(
        names.map((name) => [name, "Conv"]),
        chain(names),
      ),
    ).toMatchInlineSnapshot(`
      "0: l1 in the graph, 1 alike, holds 3
      1: l1.0 in 0, 1 alike, holds 0 1 2"
    `);
  });

  test("are left away where a value leaves them and comes back", () => {
    const names = ["m.a", "other", "m.b", "m.c"];
    expect(
      blocks(
        names.map((name) => [name, "Relu"]),
        chain(names),
      ),
    ).toBe("");
    // The same names, and nothing that comes back.
    const apart = [
      { from: 0, to: 2, value: "x" },
      { from: 2, to: 3, value: "y" },
    ];
    expect(
      blocks(
        names.map((name) => [name, "Relu"]),
        apart,
      ),
    ).toContain("holds 0 2 3");
  });
});

describe("blocks by repetition", () => {
  // A stem, four residual parts of Conv, Relu, Add with the same wiring, and a head.
  const ops = ["Conv", ...Array.from({ length: 4 }, () => ["Conv", "Relu", "Add"]).flat(), "Gemm"];
  const nodes = ops.map((op, i) => [`n${i}`, op] as const);
  const skips = [0, 3, 6, 9].map((from) => ({ from, to: from + 3, value: `skip${from}` }));

  test("are equal parts that follow each other, begun where one value passes", () => {
    expect(blocks(nodes, [...chain(ops), ...skips])).toMatchInlineSnapshot(`
      "0: part 1 of 4 in the graph, 4 alike, holds 1 2 3
      1: part 2 of 4 in the graph, 4 alike, holds 4 5 6
      2: part 3 of 4 in the graph, 4 alike, holds 7 8 9
      3: part 4 of 4 in the graph, 4 alike, holds 10 11 12"
    `);
  });

  test("have the same wiring, not only the same ops", () => {
    const crossed = skips.map((edge, i) => (i === 2 ? { ...edge, from: 5 } : edge));
    expect(blocks(nodes, [...chain(ops), ...crossed])).not.toContain("of 4");
  });

  test("are found inside of a module too", () => {
    const inside = nodes.map(([name, op], i) => [i === 0 || i === 13 ? name : `body.${name}`, op] as const);
    expect(blocks(inside, [...chain(ops), ...skips])).toContain("1: part 1 of 4 in 0, 4 alike, holds 1 2 3");
  });
});

describe("sections", () => {
  /** How many boxes the fullest level has, and how many blocks there are. */
  function levels(count: number, read: (node: number) => readonly number[]): readonly [most: number, blocks: number] {
    const nodes = Array.from({ length: count }, (_, i) => ({
      name: `n${i}`,
      op: `Op${i % 7}${Math.floor(i ** 1.5) % 5}`,
    }));
    const edges = nodes.flatMap((_, to) => read(to).map((from) => ({ from, to, value: `${from}` })));
    const { blocks: made, blockOf } = blocksOf(nodes, edges);
    const boxes = new Map<number | null, number>();
    for (const level of [...blockOf, ...made.map(({ parent }) => parent)])
      boxes.set(level, (boxes.get(level) ?? 0) + 1);
    return [Math.max(...boxes.values()), made.length];
  }

  test("keep every level small, also where nothing repeats and no name tells of modules", () => {
    const [most, count] = levels(5000, (node) => (node < 9 ? [] : [node - 1, node - 1 - ((node * node) % 8)]));
    expect(most).toBeLessThanOrEqual(120);
    expect(count).toBeLessThan(150);
  });

  test("are not made of a small graph", () => {
    expect(levels(100, (node) => (node === 0 ? [] : [node - 1]))).toEqual([100, 0]);
  });
});
