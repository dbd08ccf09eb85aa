import { hasTrait, lowbitDomain, modelNodes, type Graph, type Node, type Value } from "@lowbit/ir";
import type { QuantPlan } from "../plan/plan.ts";

/** A quantized layer of a settled graph: a node that computes with codes, and the nodes behind it that its kernel runs too. */
export interface QuantizedLayer {
  readonly name: string;
  readonly op: string;
  /** Nodes of the model that it was made of. */
  readonly origins: readonly string[];
  /** The anchor first; what only moves its codes on (Reshape, MaxPool) belongs to it too. */
  readonly nodes: readonly Node[];
  /** What it gives to the layers behind it: the quantized form where it gives codes. */
  readonly output: Value;
}

/** A place where activations are rounded to codes. */
interface QuantizedValue {
  /** The name of the float value. */
  readonly name: string;
  /** A FakeQuantize of the settled graph. */
  readonly node: Node;
  /** Indices of the layers that make it rounded when they are quantized: those that read it, and the one that gives it as codes. */
  readonly layers: readonly number[];
}

/** What of a graph is quantized. */
export interface QuantizedParts {
  readonly layers: readonly QuantizedLayer[];
  readonly values: readonly QuantizedValue[];
}

/**
 * The quantized layers and values of a settled graph, in graph order. A value is rounded when the layer that gives it or
 * one that reads it is quantized, as in a plan from which the other layers were taken out with `keepFloat`.
 */
export function quantizedParts(graph: Graph, plan: QuantPlan): QuantizedParts {
  const layerOf = new Map<Node, number>();
  const members: Node[][] = [];
  for (const node of graph.nodes) {
    if (isFakeQuantize(node)) continue;
    const before = layerBefore(node, layerOf);
    const readsCodes = node.inputs.some((value) => value?.producer && isFakeQuantize(value.producer));
    if (readsCodes && !(hasTrait(node, "keepsScale") && before !== null)) {
      layerOf.set(node, members.length);
      members.push([node]);
    } else if (before !== null && (readsCodes || isTail(node))) {
      layerOf.set(node, before);
      members[before]!.push(node);
    }
  }
  const values: QuantizedValue[] = [];
  const codesOf = new Map<Value, Value>();
  for (const node of graph.nodes) {
    if (!isFakeQuantize(node) || node.input.constant) continue;
    const source = node.input;
    const planned = plan.graph.value(source.name);
    const givesCodes = planned !== null && plan.specs.has(planned);
    if (givesCodes) codesOf.set(source, node.output);
    const maker = givesCodes && source.producer ? layerOf.get(source.producer) : undefined;
    const readers = node.output.users.flatMap((reader) => layerOf.get(reader) ?? []);
    const layers = [...new Set([...(maker === undefined ? [] : [maker]), ...readers])].toSorted((a, b) => a - b);
    values.push({ name: source.name, node, layers });
  }
  const layers = members.map((nodes): QuantizedLayer => {
    const [anchor] = nodes as [Node];
    const result = lastResult(nodes);
    const output = codesOf.get(result) ?? result;
    return { name: anchor.label, op: anchor.op, origins: modelNodes(anchor.origin), nodes, output };
  });
  return { layers, values };
}

/** Whether a node rounds to codes. */
export function isFakeQuantize(node: Node): boolean {
  return node.is("FakeQuantize", lowbitDomain);
}

/** The layer whose result is the only thing that a node reads besides data of the model; null when there is none. */
function layerBefore(node: Node, layerOf: ReadonlyMap<Node, number>): number | null {
  const read = node.inputs.filter((value) => value !== null && !value.constant);
  const [first] = read;
  if (read.length !== 1 || !first?.producer) return null;
  const producer = isFakeQuantize(first.producer) ? first.producer.input.producer : first.producer;
  return (producer && layerOf.get(producer)) ?? null;
}

/** Whether a node is one that integer kernels run with the product before it: a clamp, or a bias. */
function isTail(node: Node): boolean {
  const value = node.inputs.find((each) => each && !each.constant);
  const isOnlyReader = value?.uses.size === 1 && !value.isGraphOutput;
  return isOnlyReader && node.attributes.size === 0 && ["Relu", "Clip", "Add"].includes(node.op);
}

/** The result of the node that clamps last; nodes behind it only move codes. */
function lastResult(nodes: readonly Node[]): Value {
  let last = nodes[0]!;
  for (const node of nodes.slice(1)) if (isTail(node) && node.inputs.includes(last.output)) last = node;
  return last.outputs.find((value) => value !== null)!;
}
