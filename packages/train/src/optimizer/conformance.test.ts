import { Graph, GraphEditor, importModel, Tensor, tensorType, type Node } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { conformanceArchive, conformanceCases, conformanceTensor } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { adagrad } from "./adagrad.ts";
import { adam } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { sgd } from "./sgd.ts";

const archive = conformanceArchive();

/** The tolerance of the suite's own runner. */
const [relative, absolute] = [1e-3, 1e-7];

/** An optimizer of ours for a node of ai.onnx.preview.training, and how its memory is scaled against the node's. */
interface Equivalent {
  readonly optimizer: Optimizer;
  readonly scales: readonly number[];
}

/** All cases are at step 0, where the standard corrects no bias and a first momentum step is not damped. */
const equivalents: Readonly<Record<string, (node: Node) => Equivalent>> = {
  Adam(node) {
    const betas = [node.float("alpha", 0.9), node.float("beta", 0.999)] as const;
    const optimizer = adam({
      betas,
      epsilon: node.float("epsilon", 0),
      weightDecay: node.float("norm_coefficient", 0),
      biasCorrection: false,
    });
    return { optimizer, scales: betas.map((beta) => 1 / (1 - beta)) };
  },
  Momentum(node) {
    const optimizer = sgd({
      momentum: node.float("alpha", 0),
      nesterov: node.string("mode", "") === "nesterov",
      weightDecay: node.float("norm_coefficient", 0),
    });
    return { optimizer, scales: [1] };
  },
  Adagrad(node) {
    const optimizer = adagrad({
      epsilon: node.float("epsilon", 0),
      decay: node.float("decay_factor", 0),
      weightDecay: node.float("norm_coefficient", 0),
    });
    return { optimizer, scales: [1] };
  },
};

/** Parameter and memory after a step of ours, in the order and scale of the node's outputs for one tensor. */
function moved({ optimizer, scales }: Equivalent, rate: number, tensors: readonly Tensor[]): readonly Tensor[] {
  const graph = new Graph("update");
  const editor = new GraphEditor(graph);
  const given = ["parameter", "gradient", ...optimizer.slots];
  const [parameter, gradient, ...memory] = given.map((name, i) =>
    editor.input(name, tensorType("float", tensors[i]!.dims)),
  );
  const hyper = Object.fromEntries(optimizer.hyper.map((name) => [name, editor.input(name, tensorType("float", [1]))]));
  const slots = Object.fromEntries(optimizer.slots.map((name, i) => [name, memory[i]!]));
  const holds = [{ name: "parameter", names: ["parameter"], role: "weight", dims: tensors[0]!.dims }] as const;
  const update = optimizer.update({
    op: editor.op,
    editor,
    parameter: parameter!,
    gradient: gradient!,
    holds,
    slots,
    hyper,
  });
  const results = [update.parameter, ...optimizer.slots.map((name) => update.slots[name]!)];
  editor.setOutputs(results);
  const numbers = optimizer.hyperAt(1, rate);
  const feeds = new Map([
    ...given.map((name, i) => [name, scaled(tensors[i]!, scales[i - 2] ?? 1)] as const),
    ...optimizer.hyper.map((name, i) => [name, Tensor.of("float", [numbers[i]!])] as const),
  ]);
  const outputs = evaluate(graph, feeds);
  return results.map(({ name }, i) => scaled(outputs.get(name)!, 1 / (scales[i - 1] ?? 1)));
}

function scaled(tensor: Tensor, factor: number): Tensor {
  return Tensor.of(
    "float",
    tensor.numbers().map((x) => x * factor),
    tensor.dims,
  );
}

test.skipIf(archive === null)("our updates are those of the standard's Adam, Momentum and Adagrad", () => {
  const compared: string[] = [];
  const wrong: string[] = [];
  for (const { name, model, dataSets } of conformanceCases(archive!)) {
    const [node] = importModel(model).graph.nodes;
    const equivalent = node && node.domain === "ai.onnx.preview.training" ? equivalents[node.op] : undefined;
    if (!equivalent) continue;
    const [rate, step, ...rest] = dataSets[0]!.inputs.map(conformanceTensor);
    expect(step!.item()).toBe(0);
    const wanted = dataSets[0]!.outputs.map(conformanceTensor);
    const ours = equivalent(node!);
    const kinds = 2 + ours.optimizer.slots.length;
    const count = rest.length / kinds;
    for (let i = 0; i < count; i++) {
      const tensors = Array.from({ length: kinds }, (_, kind) => rest[kind * count + i]!);
      moved(ours, rate!.item(), tensors).forEach((tensor, kind) => {
        const expected = wanted[kind * count + i]!.numbers();
        const off = tensor
          .numbers()
          .filter((x, at) => !(Math.abs(x - expected[at]!) <= absolute + relative * Math.abs(expected[at]!)));
        if (off.length > 0) wrong.push(`${name}: output ${kind * count + i}`);
      });
    }
    compared.push(name.replace(/^.*\//, ""));
  }
  expect(wrong).toEqual([]);
  expect(compared).toMatchInlineSnapshot(`
    [
      "test_adagrad",
      "test_adagrad_multiple",
      "test_adam",
      "test_adam_multiple",
      "test_momentum",
      "test_momentum_multiple",
      "test_nesterov_momentum",
    ]
  `);
});
