import type { Graph, Tensor, Value } from "@lowbit/ir";
import { dtypeMismatch, inputMismatch } from "./diagnostics.ts";
import { neededNodes, readValue, runNodes, type Frame } from "./interpreter.ts";
import { startRun, type NodeContext } from "./evaluate-node.ts";

/** Settings of an evaluation. */
export interface EvaluateOptions extends Omit<NodeContext, "lookup"> {
  /** The values to compute instead of the graph's outputs; only nodes they need are run then. */
  readonly outputs?: readonly Value[];
}

/** The computed tensors by value name, and by initializer name the new data that Assign nodes of the graph gave. */
export type Evaluation = ReadonlyMap<string, Tensor> & { readonly state: ReadonlyMap<string, Tensor> };

/**
 * Runs a graph on tensors for its inputs, bodies of If, Loop and Scan included. An input may also name an initializer,
 * whose data it then replaces.
 *
 * @throws CompileError `reference/input` when an input is missing, unknown or of another dtype; what `evaluateNode` throws
 */
export function evaluate(graph: Graph, inputs: ReadonlyMap<string, Tensor>, options: EvaluateOptions = {}): Evaluation {
  const run = startRun(options);
  const wanted = options.outputs ?? graph.outputs;
  const nodes = neededNodes(graph, wanted, options.outputs === undefined);
  const frame: Frame = { values: feed(graph, inputs), lookup: () => null };
  if (options.outputs === undefined) requireInputs(graph, frame);
  runNodes(graph, nodes, run, frame);
  const results = new Map(wanted.map((value) => [value.name, readValue(value, frame, value.producer)]));
  const state = new Map([...run.state].map(([value, tensor]) => [value.name, tensor]));
  return Object.assign(results, { state });
}

function feed(graph: Graph, inputs: ReadonlyMap<string, Tensor>): Map<Value, Tensor> {
  const values = new Map<Value, Tensor>();
  for (const [name, tensor] of inputs) {
    const value = graph.value(name);
    if (!value || (!value.isGraphInput && !value.initializer)) {
      throw inputMismatch(name, "was given, but the graph has no input or initializer of that name");
    }
    if (value.dtype !== null && value.dtype !== tensor.dtype) throw dtypeMismatch(name, value.dtype, tensor.dtype);
    values.set(value, tensor);
  }
  return values;
}

function requireInputs(graph: Graph, frame: Frame): void {
  for (const value of graph.inputs) {
    if (!frame.values.has(value) && !value.initializer && value.uses.size > 0) {
      throw inputMismatch(value.name, "has no tensor");
    }
  }
}
