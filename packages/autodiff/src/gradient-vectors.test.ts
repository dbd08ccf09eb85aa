import { GraphEditor, parseGraph, Tensor, type Value } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { readVectors } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { gradients } from "./gradients.ts";

/** Made by `python bench/peers/vectors/gradients.py`. */
const vectors = readVectors(new URL("gradients.vectors.json", import.meta.url));

/** Largest difference relative to the largest element: PyTorch's float64 is stored as float32. */
const tolerance = 1e-6;

interface Settings {
  /** ONNX text without the graph's name; its result is `result`. */
  readonly graph: string;
  readonly opset?: number;
}

function inFloat64(tensor: Tensor): Tensor {
  return tensor.dtype === "float" ? Tensor.of("double", tensor.numbers(), tensor.dims) : tensor;
}

function distance(actual: Tensor, expected: Tensor): number {
  expect(actual.dims).toEqual(expected.dims);
  const [given, wanted] = [actual.numbers(), expected.numbers()];
  const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
  return given.reduce((most, x, i) => Math.max(most, Math.abs(x - wanted[i]!)), 0) / largest;
}

/** The result of a stored case and the gradient of each of its operands, by the names that the vectors have. */
function computed(name: string): ReadonlyMap<string, Tensor> {
  const { tensors, settings } = vectors[name]!;
  const { graph: text, opset } = settings as unknown as Settings;
  const header = opset === undefined ? "" : `<opset_import: ["" : ${opset}]> `;
  const graph = parseGraph(`${header}g ${text}`);
  const operands = graph.inputs.filter((input) => input.dtype === "double");
  const editor = new GraphEditor(graph);
  const seed = { value: graph.outputs[0]!, cotangent: editor.input("cotangent", graph.outputs[0]!.type) };
  const found = gradients(editor, [seed], operands);
  const wanted = [graph.outputs[0]!, ...[...found.values()].filter((grad): grad is Value => grad !== null)];
  const feeds = new Map(graph.inputs.map((input) => [input.name, inFloat64(tensors[input.name]!)]));
  const results = evaluate(graph, feeds, { outputs: wanted });
  return new Map([
    ["result", results.get("result")!],
    ...operands.map((operand) => [`${operand.name}_grad`, results.get(found.get(operand)!.name)!] as const),
  ]);
}

const composites = Object.keys(vectors).filter((name) => vectors[name]!.settings["graph"] !== undefined);

test.each(composites)("the result and the gradients are PyTorch's: %s", (name) => {
  const actual = computed(name);
  const { tensors } = vectors[name]!;
  const stored = Object.keys(tensors).filter((key) => key === "result" || key.endsWith("_grad"));
  expect([...actual.keys()].toSorted()).toEqual(stored.toSorted());
  const far = stored.filter((key) => !(distance(actual.get(key)!, tensors[key]!) < tolerance));
  expect(far).toEqual([]);
});

test("the gradients of scale and zero point z = -offset / scale are those of LSQ+'s scale and offset", () => {
  const { tensors } = vectors["LSQ+ (Bhalgat et al. 2020)"]!;
  const graph = parseGraph(`g (double[8] x, double s, double[8] cotangent) => (x_grad, ds, dz) <int8 z = {1}> {
    x_grad, ds, dz = lowbit.FakeQuantizeGrad <qmin = -2, qmax = 3> (cotangent, x, s, z) }`);
  const feeds = new Map(graph.inputs.map((input) => [input.name, inFloat64(tensors[input.name]!)]));
  const results = evaluate(graph, feeds);
  const [scale, zeroPoint] = [tensors["s"]!.item(), 1];
  const [ds, dz] = [results.get("ds")!.item(), results.get("dz")!.item()];
  expect(distance(results.get("x_grad")!, tensors["x_grad"]!)).toBeLessThan(tolerance);
  expect(-dz / scale).toBeCloseTo(tensors["offset_grad"]!.item(), 6);
  // With the offset held, the zero point moves with the scale: dz/ds = -z / scale.
  expect(ds - (dz * zeroPoint) / scale).toBeCloseTo(tensors["s_grad"]!.item(), 6);
});
