import { join } from "node:path";
import {
  GraphEditor,
  loadModel,
  newModel,
  parseGraph,
  printGraph,
  verifyGraph,
  type Graph,
  type Tensor,
} from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { runningStatistics, runPasses, trainingPipeline } from "@lowbit/rewrite";
import { materialsFolder } from "@lowbit/test-models";
import { generator, randomTensor } from "./cases/differentiate-case.testing.ts";
import { describe, expect, test } from "vitest";
import { gradients } from "./gradients.ts";

const folder = materialsFolder();

/** The float optimizations before training, but what was exported for training keeps using the batch's statistics. */
const passes = trainingPipeline.filter((pass) => pass !== runningStatistics);

/** Largest difference of a gradient's element that cleaning may make, relative to the largest one: sums in another order. */
const tolerance = 1e-4;

function farthest(a: Tensor, b: Tensor): number {
  const [from, to] = [a.numbers(), b.numbers()];
  const size = from.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-12);
  return from.reduce((most, x, i) => Math.max(most, Math.abs(x - to[i]!)), 0) / size;
}

/** A model of the zoo whose outputs are the gradients of its mean output by all its weights. */
function gradientGraph(name: string): Graph {
  const model = loadModel(join(folder!, "models", "minizoo", `${name}.onnx`));
  runPasses(model, passes);
  const { graph } = model;
  const editor = new GraphEditor(graph);
  const weights = [...graph.initializers].filter(
    ({ dtype, shape, users }) => dtype === "float" && shape!.length > 0 && users.every((user) => user.op !== "Resize"),
  );
  const loss = editor.op.ReduceMean([graph.outputs[0]!], { keepdims: 0 });
  const found = gradients(editor, loss, weights);
  editor.setOutputs([loss, ...[...found.values()].filter((grad) => grad !== null)]);
  return graph;
}

/** The loss and all gradients of one random sample. */
function valuesOf(graph: Graph): readonly Tensor[] {
  const input = graph.inputs[0]!;
  const dims = input.shape!.map((dim) => (typeof dim === "number" ? dim : 1));
  const feeds = new Map([[input.name, randomTensor("float", dims, [-1, 1], generator(5))]]);
  return [...evaluate(graph, feeds).values()];
}

describe.skipIf(folder === null)("the gradient graph of a real model is an ordinary graph", () => {
  test.each([
    ["resnet_s.train.op17.dyn", 0],
    ["mobilenet_v2_w025.train.op17.dyn", 0],
    ["squeezenet1_1.fused.op13.dyn", 0],
    ["efficientnet_b0_w025.fused.op13.dyn", 0],
    ["densenet_g8.bn.op17.static", 200],
    ["vgg_bn_s.fused.op13.dyn", 0],
    ["vit_s.fused.op13.dyn", 0],
    ["unet_s.train.op17.dyn", 3],
  ])("%s: the ordinary passes remove at least %i nodes", { timeout: 60_000 }, (name, removed) => {
    const graph = gradientGraph(name);
    expect(verifyGraph(graph)).toEqual([]);
    const text = printGraph(graph);
    const parsed = parseGraph(text);
    expect(verifyGraph(parsed)).toEqual([]);
    expect(printGraph(parsed) === text).toBe(true);

    const before = { nodes: [...graph.nodes].length, values: removed > 0 ? valuesOf(graph) : [] };
    runPasses(newModel(graph), passes, { verifyEach: true });
    expect([...graph.nodes].length).toBeLessThanOrEqual(before.nodes - removed);
    const after = removed > 0 ? valuesOf(graph) : [];
    expect(before.values.map((value, i) => farthest(value, after[i]!)).filter((far) => far > tolerance)).toEqual([]);
  });
});
