import { expect, test } from "vitest";
import { CompileError, Graph, GraphEditor, newModel, Tensor, tensorType, type Model, type Shape } from "@lowbit/ir";
import { arrays } from "../data/arrays.ts";
import { evaluate } from "./evaluate.ts";

/** A model that answers its input, or the softmax of it. */
function echo(shape: Shape, softmax = false): Model {
  const editor = new GraphEditor(new Graph("echo"));
  const x = editor.input("x", tensorType("float", shape));
  editor.output(softmax ? editor.op.Softmax([x], { axis: 1 }) : editor.op.Identity([x]));
  return newModel(editor.graph);
}

const scores = Tensor.of("float", [3, 1, 2, 0, 5, 5, 1, 2, 4], [3, 3]);
const labels = Tensor.of("int64", [0, 2, 1]);

/** -log softmax(row)[label], by definition. */
function crossEntropy(row: readonly number[], label: number): number {
  return -Math.log(Math.exp(row[label]!) / row.reduce((sum, score) => sum + Math.exp(score), 0));
}

const loss = (crossEntropy([3, 1, 2], 0) + crossEntropy([0, 5, 5], 2) + crossEntropy([1, 2, 4], 1)) / 3;

test.each([
  ["scores", echo(["N", 3])],
  ["probabilities", echo(["N", 3], true)],
  ["scores of a model with a fixed batch", echo([2, 3])],
])("measures accuracy and cross-entropy of %s; a tie counts for the lower class", async (_, model) => {
  const { samples, value, loss: found } = await evaluate(model, arrays({ x: scores }, labels), { batch: 2 });
  expect([samples, value]).toEqual([3, 1 / 3]);
  expect(found).toBeCloseTo(loss, 6);
});

test("counts the first five", async () => {
  const x = Tensor.of("float", [6, 5, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6], [2, 6]);
  const { value } = await evaluate(echo(["N", 6]), arrays({ x }, Tensor.of("int64", [5, 1])), { metric: "top5" });
  expect(value).toBe(1 / 2);
});

test("measures the positions of a segmentation one by one", async () => {
  const x = Tensor.of("float", [1, 0, 0, 1], [1, 2, 2]);
  const { value } = await evaluate(echo(["N", 2, 2]), arrays({ x }, Tensor.of("int64", [0, 0], [1, 2])));
  expect(value).toBe(1 / 2);
});

test("measures the mean squared error over all elements", async () => {
  const target = Tensor.of("float", [3, 1, 2, 0, 5, 5, 1, 2, 7], [3, 3]);
  const evaluation = await evaluate(echo(["N", 3]), arrays({ x: scores }, target), { metric: "mse" });
  expect(evaluation).toEqual({ samples: 3, metric: "mse", value: 1, loss: 1 });
});

test("refuses a label that has no score, rather than counting it", async () => {
  const data = arrays({ x: scores }, Tensor.of("int64", [0, 3, 1]));
  await expect(evaluate(echo(["N", 3]), data)).rejects.toThrow("label 3");
});

test("refuses data without targets", async () => {
  await expect(evaluate(echo(["N", 3]), arrays({ x: scores }))).rejects.toThrow(CompileError);
});
