import { expect, test } from "vitest";
import { Graph } from "../graph/graph.ts";
import { tensorType } from "../types.ts";
import { cloneGraph } from "./clone.ts";
import { GraphEditor } from "./graph-editor.ts";

function chain() {
  const graph = new Graph("g");
  const editor = new GraphEditor(graph);
  const x = editor.input("x", tensorType("float", ["N", 3]));
  const sum = editor.op.Add([x, x], {}, { outputs: ["sum"] });
  const y = editor.op.Relu([sum], {}, { outputs: ["y"] });
  editor.output(y);
  return { graph, editor, x, sum, y };
}

test("a new node's result has an inferred type and registers its uses", () => {
  const { x, sum } = chain();
  expect(sum.type).toEqual(tensorType("float", ["N", 3]));
  expect([...x.uses].map((use) => use.index)).toEqual([0, 1]);
});

test("replacing a graph output keeps the output's name", () => {
  const { graph, editor, sum, y } = chain();
  editor.replaceAllUses(y, sum);
  editor.erase(graph.nodes.last!);
  expect(graph.outputs.map((value) => value.name)).toEqual(["y"]);
  expect(sum.name).toBe("y");
});

test("replacing a graph output by an input adds an Identity", () => {
  const { graph, editor, x, y } = chain();
  editor.replaceAllUses(y, x);
  expect(graph.outputs[0]!.producer!.op).toBe("Identity");
  expect(graph.outputs[0]!.name).toBe("y");
});

test("a node whose result is read cannot be erased", () => {
  const { graph, editor } = chain();
  expect(() => editor.erase(graph.nodes.first!)).toThrow("internal: erase of sum: sum is still used");
});

test("iteration goes on when the current node is erased", () => {
  const { graph, editor, sum, y } = chain();
  const relu = y.producer!;
  const seen: string[] = [];
  for (const node of graph.nodes) {
    seen.push(node.op);
    if (node.op === "Add") {
      editor.replaceUse(relu.operands[0]!, graph.inputs[0]!);
      editor.erase(sum.producer!);
    }
  }
  expect(seen).toEqual(["Add", "Relu"]);
  expect(graph.nodes.length).toBe(1);
});

test("a clone has the same structure and shares no values", () => {
  const { graph, sum } = chain();
  const { graph: copy, values } = cloneGraph(graph);
  expect([...copy.nodes].map((node) => node.op)).toEqual(["Add", "Relu"]);
  expect(copy.outputs[0]!.name).toBe("y");
  expect(values.get(sum)!.users.map((node) => node.graph === copy)).toEqual([true]);
  expect(values.get(sum) === sum).toBe(false);
});

test("a node that replaces another one inherits its name", () => {
  const graph = new Graph("g");
  const editor = new GraphEditor(graph);
  const x = editor.input("x", tensorType("float", [2]));
  const old = editor.op.Relu([x], {}, { name: "relu1" });
  editor.output(old);
  const twin = editor.op.Relu([x], {}, { name: "relu1" });
  expect(twin.producer!.name).toBe("relu1_1");
  editor.replaceAllUses(old, twin);
  editor.erase(old.producer!);
  expect(twin.producer!.name).toBe("relu1");
});
