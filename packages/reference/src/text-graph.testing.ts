import { parseGraph, Tensor } from "@lowbit/ir";
import { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.ts";

/** Runs a graph given as ONNX text on elements for its inputs, whose types and static shapes the text declares. */
export function evaluateText(
  text: string,
  inputs: Readonly<Record<string, readonly (number | bigint)[]>> = {},
  options: Omit<EvaluateOptions, "outputs"> = {},
): Evaluation {
  const graph = parseGraph(text);
  const fed = Object.entries(inputs).map(([name, elements]) => {
    const value = graph.value(name)!;
    return [name, Tensor.of(value.dtype!, elements, value.shape as readonly number[])] as const;
  });
  return evaluate(graph, new Map(fed), options);
}

/** A tensor in short: `int8[2] 1 -3`. */
export function tensorText(tensor: Tensor | undefined): string {
  if (!tensor) return "nothing";
  const elements = tensor.dtype === "int64" || tensor.dtype === "uint64" ? tensor.typed() : tensor.numbers();
  return [`${tensor.dtype}[${tensor.dims.join(",")}]`, ...Array.from<number | bigint>(elements as Float64Array)].join(
    " ",
  );
}

/** The outputs of an evaluation in short, one text each. */
export function outputTexts(evaluation: Evaluation): Record<string, string> {
  return Object.fromEntries([...evaluation].map(([name, tensor]) => [name, tensorText(tensor)]));
}
