import { expect, test } from "vitest";
import { importCycles } from "./import-cycles.mjs";

test("files that import each other are named, however long the circle", () => {
  const files = [
    { path: "packages/train/src/fit.ts", imports: ["./step/step.ts"] },
    { path: "packages/train/src/step/step.ts", imports: ["../loss.ts", "@lowbit/ir"] },
    { path: "packages/train/src/loss.ts", imports: ["./fit.ts"] },
    { path: "packages/train/src/index.ts", imports: ["./fit.ts"] },
  ];
  expect(importCycles(files)).toEqual([
    "files import one another in a circle: packages/train/src/fit.ts, packages/train/src/loss.ts, packages/train/src/step/step.ts",
  ]);
});

test("a file on two ways to another is no circle", () => {
  const files = [
    { path: "packages/train/src/fit.ts", imports: ["./loss.ts", "./step.ts"] },
    { path: "packages/train/src/step.ts", imports: ["./loss.ts"] },
  ];
  expect(importCycles(files)).toEqual([]);
});

test("the parts of a graph may know each other, but not what stands above them", () => {
  const node = { path: "packages/ir/src/graph/node.ts", imports: ["./graph.ts", "../edit/editor.ts"] };
  const graph = { path: "packages/ir/src/graph/graph.ts", imports: ["./node.ts"] };
  const editor = { path: "packages/ir/src/edit/editor.ts", imports: ["../graph/node.ts"] };
  expect(importCycles([node, graph])).toEqual([]);
  expect(importCycles([node, graph, editor])).toHaveLength(1);
});
