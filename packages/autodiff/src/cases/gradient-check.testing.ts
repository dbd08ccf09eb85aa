import { elementCount, GraphEditor, invariant, parseGraph, Tensor, type Value } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { gradients } from "../gradients.ts";
import type { GradientCase } from "./gradient-case.testing.ts";

/** Step of the central differences, in float64: their error is about step² times the third derivative. */
const step = 1e-5;

/** What the rule's gradient of one input says about a random direction, and what finite differences say. */
export interface Comparison {
  readonly input: string;
  readonly rule: number;
  readonly difference: number;
}

/** Whether rule and difference agree to 1e-8 of the larger of them and 1. */
export function agrees({ rule, difference }: Comparison): boolean {
  return Math.abs(rule - difference) <= 1e-8 * Math.max(1, Math.abs(difference));
}

/** Differentiates the graph of a case and compares every double input with projected central differences. */
export function compareWithDifferences(testCase: GradientCase, shapes: "static" | "unknown"): readonly Comparison[] {
  const random = generator(7);
  const header = testCase.opset === undefined ? "" : `<opset_import: ["" : ${testCase.opset}, "lowbit" : 1]>`;
  const declared = parseGraph(`${header} g ${testCase.text}`);
  const feeds = new Map(declared.inputs.map((input) => [input.name, tensorFor(input, testCase, random)]));
  const graph = shapes === "static" ? declared : parseGraph(`${header} g ${withUnknownDims(testCase.text)}`);
  const outputs = () => graph.outputs.filter((value) => value.dtype === "double");
  invariant(outputs().length > 0, `case "${testCase.title}" has no double output`);
  const forward = (fed: ReadonlyMap<string, Tensor>) => evaluate(graph, fed, { outputs: outputs() });
  const weights = new Map(
    [...forward(feeds)].map(([name, { dims }]) => [name, randomTensor(dims, [-1, 1], random)] as const),
  );
  const editor = new GraphEditor(graph);
  const seeds = outputs().map((value) => {
    const cotangent = editor.input(`${value.name}_cotangent`, value.type);
    feeds.set(cotangent.name, weights.get(value.name)!);
    return { value, cotangent };
  });
  const inputs = graph.inputs.filter((value) => value.dtype === "double" && !value.name.endsWith("_cotangent"));
  const grads = gradients(editor, seeds, inputs);
  const wanted = [...grads.values()].filter((value) => value !== null);
  const results = evaluate(graph, feeds, { outputs: wanted });
  return inputs.map((input) => {
    const grad = grads.get(input);
    const point = feeds.get(input.name)!;
    const direction = randomTensor(point.dims, [-1, 1], random);
    const loss = (distance: number) => {
      const moved = zip(point, direction, (x, d) => x + distance * d);
      return weightedSum(forward(new Map([...feeds, [input.name, moved]])), weights);
    };
    const rule = grad ? project(grad, results.get(grad.name)!, direction) : 0;
    return { input: input.name, rule, difference: (loss(step) - loss(-step)) / (2 * step) };
  });
}

/** The gradient along a direction; its dtype and shape must be the input's, and what inference said of it. */
function project(grad: Value, value: Tensor, direction: Tensor): number {
  const fits = value.dtype === "double" && value.dims.join() === direction.dims.join();
  invariant(fits, `${grad.name} is ${value.dtype}[${value.dims.join()}], not double[${direction.dims.join()}]`);
  const inferred = grad.shape?.every((dim, axis) => typeof dim !== "number" || dim === value.dims[axis]) ?? true;
  invariant(inferred, `${grad.name} was inferred as [${grad.shape?.join()}], but is [${value.dims.join()}]`);
  return zip(value, direction, (g, d) => g * d)
    .numbers()
    .reduce((sum, term) => sum + term, 0);
}

function weightedSum(results: ReadonlyMap<string, Tensor>, weights: ReadonlyMap<string, Tensor>): number {
  let sum = 0;
  for (const [name, weight] of weights) {
    for (const term of zip(results.get(name)!, weight, (y, w) => y * w).numbers()) sum += term;
  }
  return sum;
}

/** The text with every number in the shapes of its inputs replaced by an unknown dimension. */
function withUnknownDims(text: string): string {
  const [inputs, ...rest] = text.split("=>");
  const unknown = inputs!.replaceAll(/\[[\d,]+\]/g, (shape) => shape.replaceAll(/\d+/g, "?"));
  return [unknown, ...rest].join("=>");
}

function tensorFor(input: Value, testCase: GradientCase, random: () => number): Tensor {
  const dims = input.shape as readonly number[];
  const given = testCase.given?.[input.name];
  if (given) return Tensor.of(input.dtype!, given, dims);
  invariant(input.dtype === "double", `case "${testCase.title}" gives no elements for ${input.name}`);
  return randomTensor(dims, testCase.range ?? [-1.5, 1.5], random);
}

function randomTensor(dims: readonly number[], [low, high]: readonly [number, number], random: () => number): Tensor {
  const values = Array.from({ length: elementCount(dims)! }, () => low + (high - low) * random());
  return Tensor.of("double", values, dims);
}

function zip(a: Tensor, b: Tensor, combine: (x: number, y: number) => number): Tensor {
  const others = b.numbers();
  return Tensor.of(
    "double",
    a.numbers().map((x, i) => combine(x, others[i]!)),
    a.dims,
  );
}

/** Uniform numbers in [0, 1): a linear congruential generator modulo 2^32 (constants of Numerical Recipes). */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
