import {
  elementCount,
  GraphEditor,
  invariant,
  parseGraph,
  Tensor,
  type DType,
  type Graph,
  type Value,
} from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { gradients } from "../gradients.ts";
import type { GradientCase } from "./gradient-case.testing.ts";

/** How a case is built: with its shapes or with unknown ones of the same rank, in float64 or in float32. */
export interface CaseForm {
  readonly shapes: "static" | "unknown";
  readonly dtype: "double" | "float";
}

/** A case's graph with its backward graph appended, and the numbers to run it on. */
export interface DifferentiatedCase {
  readonly graph: Graph;
  readonly editor: GraphEditor;
  /** Tensors for all graph inputs, the cotangents of the outputs among them. */
  readonly feeds: ReadonlyMap<string, Tensor>;
  /** The cotangent of each floating-point output by the output's name. */
  readonly cotangents: ReadonlyMap<string, Tensor>;
  /** The gradient of each floating-point input. */
  readonly grads: ReadonlyMap<Value, Value | null>;
  /** The next number of the case's generator, uniform in [0, 1). */
  readonly random: () => number;
}

/** Parses a case, seeds its outputs with random cotangents and differentiates it. */
export function differentiateCase(testCase: GradientCase, form: CaseForm): DifferentiatedCase {
  const random = generator(7);
  const text = caseText(testCase, form.dtype);
  const declared = parseGraph(text);
  const feeds = new Map(declared.inputs.map((input) => [input.name, tensorFor(input, testCase, form, random)]));
  const graph = form.shapes === "static" ? declared : parseGraph(withUnknownDims(text));
  const moved = new Set(floatInputs(testCase));
  const inputs = graph.inputs.filter((value) => moved.has(value.name));
  const outputs = floatOutputs(graph, form.dtype);
  invariant(outputs.length > 0, `case "${testCase.title}" has no ${form.dtype} output`);
  const results = evaluate(graph, feeds, { outputs });
  const editor = new GraphEditor(graph);
  const cotangents = new Map<string, Tensor>();
  const seeds = outputs.map((value) => {
    const cotangent = editor.input(`${value.name}_cotangent`, value.type);
    const tensor = randomTensor(form.dtype, results.get(value.name)!.dims, [-1, 1], random);
    cotangents.set(value.name, tensor);
    feeds.set(cotangent.name, tensor);
    return { value, cotangent };
  });
  return { graph, editor, feeds, cotangents, grads: gradients(editor, seeds, inputs), random };
}

/** The inputs that a case declares as double, whatever it is built in; its float inputs are settings. */
function floatInputs(testCase: GradientCase): readonly string[] {
  return parseGraph(caseText(testCase)).inputs.flatMap((input) => (input.dtype === "double" ? [input.name] : []));
}

/** The outputs of a graph that have the dtype. */
export function floatOutputs(graph: Graph, dtype: DType): readonly Value[] {
  return graph.outputs.filter((value) => value.dtype === dtype);
}

/** A tensor of uniform numbers in a range. */
export function randomTensor(
  dtype: DType,
  dims: readonly number[],
  [low, high]: readonly [number, number],
  random: () => number,
): Tensor {
  const values = Array.from({ length: elementCount(dims)! }, () => low + (high - low) * random());
  return Tensor.of(dtype, values, dims);
}

/** A case in ONNX text. */
export function caseText(testCase: GradientCase, dtype: CaseForm["dtype"] = "double"): string {
  const header = testCase.opset === undefined ? "" : `<opset_import: ["" : ${testCase.opset}, "lowbit" : 1]> `;
  const text = `${header}g ${testCase.text}`;
  return dtype === "double" ? text : text.replaceAll("double", "float").replaceAll("to = 11", "to = 1");
}

/** The text with every number in the shapes of its inputs replaced by an unknown dimension. */
function withUnknownDims(text: string): string {
  const [inputs, ...rest] = text.split("=>");
  const unknown = inputs!.replaceAll(/\[[\d,]+\]/g, (shape) => shape.replaceAll(/\d+/g, "?"));
  return [unknown, ...rest].join("=>");
}

function tensorFor(input: Value, testCase: GradientCase, form: CaseForm, random: () => number): Tensor {
  const dims = input.shape as readonly number[];
  const given = testCase.given?.[input.name];
  if (given) return Tensor.of(input.dtype!, given, dims);
  invariant(input.dtype === form.dtype, `case "${testCase.title}" gives no elements for ${input.name}`);
  return randomTensor(form.dtype, dims, testCase.range ?? [-1.5, 1.5], random);
}

/** Uniform numbers in [0, 1): a linear congruential generator modulo 2^32 (constants of Numerical Recipes). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
