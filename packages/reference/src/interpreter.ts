import { graphsOf, hasTrait, type Graph, type Node, type Tensor, type Value } from "@lowbit/ir";
import { invalidNode, noKernelFor } from "./diagnostics.ts";
import type { IntegerArithmetic } from "./integer-arithmetic/integer-arithmetic.ts";
import { kernelCall, type Kernel, type KernelCall } from "./kernel.ts";
import { kernelOf } from "./kernel-table.ts";
import type { RandomSource } from "./random-source.ts";

/** What all nodes of one evaluation share. */
export interface Run {
  readonly arithmetic: IntegerArithmetic;
  readonly random: RandomSource;
  /** New data of the initializers that Assign nodes wrote. */
  readonly state: Map<Value, Tensor>;
}

/** The tensors of one run of a graph, and where to look for those of the graphs around it. */
export interface Frame {
  readonly values: Map<Value, Tensor>;
  readonly lookup: (value: Value) => Tensor | null;
}

/** Runs a body with tensors for its inputs, in order; the results are those of its outputs. */
function runGraph(graph: Graph, inputs: readonly Tensor[], run: Run, around: Frame): readonly Tensor[] {
  const frame = innerFrame(around);
  for (const [index, value] of graph.inputs.entries()) {
    const tensor = inputs[index] ?? value.initializer;
    if (tensor) frame.values.set(value, tensor);
  }
  runNodes(graph, neededNodes(graph, graph.outputs, true), run, frame);
  return graph.outputs.map((value) => readValue(value, frame, graph.owner));
}

/** Runs the given nodes of a graph in order; their results go into the frame. */
export function runNodes(graph: Graph, nodes: ReadonlySet<Node>, run: Run, frame: Frame): void {
  for (const node of graph.nodes) {
    if (!nodes.has(node)) continue;
    const inputs = node.inputs.map((value) => value && readValue(value, frame, node));
    for (const [index, tensor] of runNode(node, inputs, run, frame).entries()) {
      const value = node.outputs[index];
      if (value && tensor) frame.values.set(value, tensor);
    }
  }
}

/** The tensor of a value in a frame or around it. */
export function readValue(value: Value, frame: Frame, reader: Node | null): Tensor {
  const tensor = lookupIn(frame, value);
  if (tensor) return tensor;
  const message = `"${value.name}" has no value: it is neither fed, nor an initializer, nor computed before it is read`;
  throw invalidNode(reader ?? value.producer!, message);
}

function lookupIn(frame: Frame, value: Value): Tensor | null {
  return frame.values.get(value) ?? frame.lookup(value) ?? value.initializer;
}

function innerFrame(around: Frame): Frame {
  return { values: new Map(), lookup: (value) => lookupIn(around, value) };
}

/** The nodes that the wanted values depend on, and with `effects` those that must run in any case. */
export function neededNodes(graph: Graph, wanted: readonly Value[], effects: boolean): ReadonlySet<Node> {
  const values = new Set<Value>(wanted);
  const nodes = new Set<Node>();
  for (const node of graph.nodes.reversed()) {
    const needed =
      node.outputs.some((value) => value && values.has(value)) || (effects && hasTrait(node, "sideEffect"));
    if (!needed) continue;
    nodes.add(node);
    for (const value of readsOf(node)) values.add(value);
  }
  return nodes;
}

/** Every value a node reads, what its bodies capture included; an explicit stack, because bodies may nest deeply. */
function readsOf(node: Node): readonly Value[] {
  const values: Value[] = [];
  const pending: Node[] = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const value of next.inputs) if (value) values.push(value);
    for (const attribute of next.attributes.values()) {
      for (const body of graphsOf(attribute)) {
        for (const value of body.outputs) values.push(value);
        for (const inner of body.nodes) pending.push(inner);
      }
    }
  }
  return values;
}

/** Runs one node; its bodies see the values of `frame`. */
export function runNode(
  node: Node,
  inputs: readonly (Tensor | null)[],
  run: Run,
  frame: Frame,
): readonly (Tensor | null)[] {
  const kernel = kernelOf(node.op, node.domain);
  if (typeof kernel !== "function") {
    throw noKernelFor(node, kernel ? kernel.noKernel : "the reference interpreter does not know this op");
  }
  const call = kernelCall(node, inputs, {
    arithmetic: run.arithmetic,
    random: run.random,
    runBody: (body: Graph, operands) => runGraph(body, operands, run, frame),
    assign: (buffer, tensor) => void run.state.set(buffer, tensor),
  });
  const results = runKernel(kernel, call);
  const list = Array.isArray(results) ? (results as readonly (Tensor | null)[]) : [results as Tensor];
  return node.outputs.map((output, index) => (output ? (list[index] ?? null) : null));
}

/** Runs a kernel; sizes and numbers that no array can have are findings about the model. */
function runKernel(kernel: Kernel, call: KernelCall): ReturnType<Kernel> {
  try {
    return kernel(call);
  } catch (error) {
    throw error instanceof RangeError ? invalidNode(call.node, error.message) : error;
  }
}
