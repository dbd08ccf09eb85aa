import { gradients } from "@lowbit/autodiff";
import { Graph, GraphEditor, parseGraph, Tensor, tensorType, type Value } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { inDouble, readVectors } from "@lowbit/test-models";
import { describe, expect, test } from "vitest";
import { randomStream } from "../data/random.ts";
import { crossEntropy, type CrossEntropyOptions } from "./cross-entropy.ts";
import { distillation } from "./distillation.ts";
import type { Loss } from "./loss.ts";
import { binaryCrossEntropy, huber, meanAbsoluteError, meanSquaredError } from "./regression.ts";

/** Made by `python bench/peers/vectors/losses.py`. */
const vectors = Object.entries(readVectors(new URL("losses.vectors.json", import.meta.url)));

/** Step of the central differences in float64, and the largest difference relative to the larger of the slope and 1. */
const [step, tolerance] = [1e-6, 1e-7];

interface Settings {
  readonly loss: "cross-entropy" | "mse" | "l1" | "huber" | "bce" | "distill";
  readonly delta?: number;
  readonly scale?: number;
  readonly temperature?: number;
  readonly taskShare?: number;
  readonly teacher?: readonly number[];
}

function lossOf(settings: Settings): Loss {
  switch (settings.loss) {
    case "cross-entropy":
      return crossEntropy(settings as CrossEntropyOptions);
    case "mse":
      return meanSquaredError();
    case "l1":
      return meanAbsoluteError();
    case "huber":
      return huber(settings.delta);
    case "bce":
      return binaryCrossEntropy();
    case "distill": {
      const { temperature, taskShare } = settings;
      const task = taskShare ? { task: crossEntropy(), taskShare } : {};
      return distillation(teacherThatSays(settings.teacher!), { temperature: temperature!, ...task });
    }
  }
}

/** A teacher that answers anything with the same scores [5, 4]. */
function teacherThatSays(scores: readonly number[]): Graph {
  const graph = parseGraph(
    `teacher (float[5,4] x) => (y) <float said = {0.0}> { none = Mul (x, said) y = Identity (none) }`,
  );
  const editor = new GraphEditor(graph);
  editor.setOutputs([
    editor.op.Add([graph.outputs[0]!, editor.initializer(Tensor.of("float", scores, [5, 4]), "scores")]),
  ]);
  return graph;
}

/** The loss of raw scores, its gradient graph, and the same in float64. */
function attached(loss: Loss, settings: Settings, scores: Tensor, target: Tensor): { graph: Graph; grad: Value } {
  const graph = new Graph("g");
  const editor = new GraphEditor(graph);
  const x = editor.input("scores", tensorType("float", scores.dims));
  const output = editor.op.Mul([x, editor.initializer(Tensor.scalar("float", settings.scale ?? 1), "scale")]);
  const wanted = loss.targetDType ? editor.input("target", tensorType(target.dtype, target.dims)) : null;
  const value = loss.attach({ op: editor.op, editor, inputs: [x], outputs: [output], target: wanted });
  editor.setOutputs([value]);
  inDouble(graph);
  const grad = gradients(editor, graph.outputs[0]!, [x]).get(x)!;
  return { graph, grad };
}

function inFloat64(tensor: Tensor): Tensor {
  return tensor.dtype === "float" ? Tensor.of("double", tensor.numbers(), tensor.dims) : tensor;
}

describe.each(vectors)("%s", (_, { tensors, settings }) => {
  const { scores, target, loss: expected, grad: expectedGrad } = tensors as Record<string, Tensor>;
  const options = settings as unknown as Settings;
  const { graph, grad } = attached(lossOf(options), options, scores!, target!);
  const feeds = new Map([
    ["scores", inFloat64(scores!)],
    ...(graph.inputs.length > 1 ? [["target", inFloat64(target!)] as const] : []),
  ]);
  const lossAt = (moved: Tensor): number =>
    evaluate(graph, new Map([...feeds, ["scores", moved]]), { outputs: [graph.outputs[0]!] })
      .get(graph.outputs[0]!.name)!
      .item();
  const given = evaluate(graph, feeds, { outputs: [grad] })
    .get(grad.name)!
    .numbers();

  test("loss and gradient are PyTorch's", () => {
    expect(Math.abs(lossAt(feeds.get("scores")!) / expected!.item() - 1)).toBeLessThan(1e-6);
    const wanted = expectedGrad!.numbers();
    const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const off = given.reduce((most, x, i) => Math.max(most, Math.abs(x - wanted[i]!)), 0);
    expect(off / largest).toBeLessThan(1e-6);
  });

  test("the gradient is the slope of the loss", () => {
    const random = randomStream(9);
    const point = scores!.numbers();
    const direction = point.map(() => 2 * random() - 1);
    const at = (distance: number): number =>
      lossAt(
        Tensor.of(
          "double",
          point.map((x, i) => x + distance * direction[i]!),
          scores!.dims,
        ),
      );
    const slope = given.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    const difference = (at(step) - at(-step)) / (2 * step);
    expect(Math.abs(slope - difference) / Math.max(1, Math.abs(difference))).toBeLessThan(tolerance);
  });
});
