import { join } from "node:path";
import { CompileError, elementCount, GraphEditor, loadModel, Tensor, type Graph, type Value } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { runningStatistics, runPasses, trainingPipeline } from "@lowbit/rewrite";
import { inDouble, materialsFolder } from "@lowbit/test-models";
import { describe, expect, test } from "vitest";
import { randomTensor, generator } from "./cases/differentiate-case.testing.ts";

import { gradients } from "./gradients.ts";

const folder = materialsFolder();

/** The float optimizations before training, but what was exported for training keeps using the batch's statistics. */
const passes = trainingPipeline.filter((pass) => pass !== runningStatistics);

/** Step of the central difference over all parameters at once; small, because activations must not cross a kink. */
const step = 1e-8;
/** Largest relative difference: rounding errors of the loss, about 1e-15, are divided by the step. */
const tolerance = 1e-6;

/** A model of the zoo with float64 values, ready to be differentiated. */
function zooGraph(name: string): Graph {
  const model = loadModel(join(folder!, "models", "minizoo", `${name}.onnx`));
  runPasses(model, passes);
  inDouble(model.graph);
  return model.graph;
}

/** Initializers that a trainer could train: weights, biases and whatever else is more than one number. */
function trainable(graph: Graph): readonly Value[] {
  return [...graph.initializers].filter((value) => value.dtype === "double" && elementCount(value.shape)! > 1);
}

function dot(a: Tensor, b: Tensor): number {
  const others = b.numbers();
  return a.numbers().reduce((sum, x, i) => sum + x * others[i]!, 0);
}

function moved(from: Tensor, direction: Tensor, distance: number): Tensor {
  const ends = direction.numbers();
  return Tensor.of(
    "double",
    from.numbers().map((x, i) => x + distance * ends[i]!),
    from.dims,
  );
}

describe.skipIf(folder === null)("all weights of a real model get the gradient that finite differences find", () => {
  test.each([
    ["resnet_s.train.op17.dyn"],
    ["mobilenet_v2_w025.train.op17.dyn"],
    ["squeezenet1_1.fused.op13.dyn"],
    ["efficientnet_b0_w025.fused.op13.dyn"],
    ["densenet_g8.bn.op17.static"],
    ["vgg_bn_s.fused.op13.dyn"],
    ["vit_s.fused.op13.dyn"],
    ["unet_s.train.op17.dyn"],
  ])("%s", { timeout: 120_000 }, (name) => {
    const graph = zooGraph(name);
    const random = generator(3);
    const [input, output] = [graph.inputs[0]!, graph.outputs[0]!];
    const dims = input.shape!.map((dim) => (typeof dim === "number" ? dim : 2));
    const feeds = new Map([[input.name, randomTensor("double", dims, [-1, 1], random)]]);
    const { dims: outputDims } = evaluate(graph, feeds).get(output.name)!;
    const cotangent = randomTensor("double", outputDims, [-1, 1], random);
    const editor = new GraphEditor(graph);
    const seed = { value: output, cotangent: editor.input("cotangent", output.type) };
    const grads = [...gradients(editor, [seed], trainable(graph))].filter(([, grad]) => grad !== null);
    const results = evaluate(graph, new Map([...feeds, ["cotangent", cotangent]]), {
      outputs: grads.map(([, grad]) => grad!),
    });
    const directions = grads.map(([value]) => randomTensor("double", value.initializer!.dims, [-1, 1], random));
    const slope = grads.reduce((sum, [, grad], i) => sum + dot(results.get(grad!.name)!, directions[i]!), 0);
    const loss = (distance: number) => {
      const weights = grads.map(
        ([value], i) => [value.name, moved(value.initializer!, directions[i]!, distance)] as const,
      );
      return dot(evaluate(graph, new Map([...feeds, ...weights]), { outputs: [output] }).get(output.name)!, cotangent);
    };
    const difference = (loss(step) - loss(-step)) / (2 * step);
    expect(grads.length).toBeGreaterThan(8);
    expect(Math.abs(slope - difference) / Math.abs(difference)).toBeLessThan(tolerance);
  });
});

test.skipIf(folder === null)(
  "the weights of an LSTM of a real model get a diagnostic that names it and the path",
  () => {
    const graph = zooGraph("lstm.fused.op13.dyn");
    const editor = new GraphEditor(graph);
    const [output] = graph.outputs;
    const seed = { value: output!, cotangent: editor.input("cotangent", output!.type) };
    const weights = trainable(graph);
    expect(() => gradients(editor, [seed], weights)).toThrow(CompileError);
    expect(() => gradients(editor, [seed], weights)).toThrowErrorMatchingInlineSnapshot(`
      [CompileError: error autodiff/no-gradient: LSTM "/r/LSTM_1" has no gradient: its steps are inside one op; write it as a graph of MatMul, Sigmoid and Tanh (on the path onnx::LSTM_193 -> /r/LSTM -> /r/Squeeze -> /r/LSTM_1 -> /r/Squeeze_1 -> /r/Transpose_1 -> /Gather -> /f/Gemm)
        --> node /r/LSTM_1
        help: freeze this node and what comes before it, or express it by ops that have gradients]
    `);
  },
);
