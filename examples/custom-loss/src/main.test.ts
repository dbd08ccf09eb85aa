import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { GraphEditor, interpret, parseGraph, Tensor } from "lowbit";
import { expect, test } from "vitest";
import { focalLoss } from "./focal-loss.ts";

test("the loss is -(1 - p)^γ · log p of the right class", () => {
  const graph = parseGraph("g (float[2,3] scores, int64[2] y) => (float[2,3] same) { same = Identity (scores) }");
  const editor = new GraphEditor(graph);
  const [scores, target] = graph.inputs;
  const loss = focalLoss(2).attach({ op: editor.op, editor, inputs: [scores!], outputs: [scores!], target: target! });
  editor.setOutputs([loss]);
  const rows: readonly (readonly number[])[] = [
    [1, 2, 0.5],
    [-1, 0, 3],
  ];
  const expected = rows.map((row, i) => {
    const p = Math.exp(row[i + 1]!) / row.reduce((sum, score) => sum + Math.exp(score), 0);
    return -((1 - p) ** 2) * Math.log(p);
  });
  const feeds = { scores: Tensor.of("float", rows.flat(), [2, 3]), y: Tensor.of("int64", [1, 2]) };
  const result = interpret(graph, new Map(Object.entries(feeds))).get(loss.name)!;
  expect(result.item()).toBeCloseTo((expected[0]! + expected[1]!) / 2, 6);
});

test("the example trains with it to above 90 %", () => {
  const program = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const output = execFileSync(process.execPath, [program], { encoding: "utf8" });
  expect(Number(/([\d.]+) %/.exec(output)![1])).toBeGreaterThan(90);
}, 60_000);
