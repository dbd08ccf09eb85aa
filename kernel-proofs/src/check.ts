import { cloneModel, GraphEditor, type Model, type Node, type Tensor, type Value } from "@lowbit/ir";
import { movesElements } from "@lowbit/quantize";
import { evaluateNode, type IntegerArithmetic } from "@lowbit/reference";
import type { Feeds } from "@lowbit/runtime";

/** How many values were compared, and how many differ. */
export interface Count {
  readonly nodes: number;
  readonly values: number;
  readonly differing: number;
}

/** Counts by op. */
export type Counts = ReadonlyMap<string, Count>;

/** The sum of counts. */
export function total(counts: Iterable<Count>): Count {
  let [nodes, values, differing] = [0, 0, 0];
  for (const each of counts) {
    nodes += each.nodes;
    values += each.values;
    differing += each.differing;
  }
  return { nodes, values, differing };
}

/** The counts of several checks as one. */
export function merged(all: readonly Counts[]): Counts {
  const result = new Map<string, Count>();
  for (const counts of all) {
    for (const [op, count] of counts) result.set(op, total([count, ...(result.has(op) ? [result.get(op)!] : [])]));
  }
  return result;
}

/**
 * A copy of a model that also returns the codes inside it, as far as it knows them by the names they have in
 * `integers`, where every op on codes is one node.
 */
export function exposingCodes(model: Model, integers: Model): Model {
  const copy = cloneModel(model);
  const inside = [...integers.graph.nodes].flatMap((node) => (isChecked(node) ? node.outputs : []));
  const found = inside.flatMap((value) => (value && copy.graph.value(value.name)) ?? []);
  // Between DequantizeLinear and QuantizeLinear a float that is returned would keep kernels from being formed. A float that is
  // moved to a QuantizeLinear would be returned rounded: ONNX Runtime quantizes first, and dequantizes what is returned.
  const isSeen = (value: Value): boolean =>
    isCodes(value) || (value.producer !== null && isIntegerProduct(value.producer) && !isQuantizedBehindMoves(value));
  const codes = found.filter((value) => value.producer && !value.isGraphOutput && isSeen(value));
  new GraphEditor(copy.graph).setOutputs([...copy.graph.outputs, ...codes]);
  return copy;
}

/**
 * Compares what a machine gave for the codes in a model with what the interpreter computes, node by node and bit by bit:
 * each node is given the operands that the machine had, so a difference shows where it arises.
 */
export function checkNodes(integers: Model, feeds: Feeds, results: Feeds, arithmetic: IntegerArithmetic): Counts {
  const known = new Map(Object.entries({ ...feeds, ...results }));
  const read = (value: Value | null): Tensor | null =>
    value && (known.get(value.name) ?? value.constant ?? withinKernel(value));
  /** Floats between two codes that no machine shows: of products, and what only moves elements. */
  function withinKernel({ producer, outputIndex }: Value): Tensor | null {
    const isWithin =
      producer && (producer.is("DequantizeLinear") || movesElements(producer) || isIntegerProduct(producer));
    if (!isWithin) return null;
    const operands = producer.inputs.map(read);
    if (producer.inputs.some((value, i) => value && !operands[i])) return null;
    return evaluateNode(producer, operands, { arithmetic })[outputIndex] ?? null;
  }
  const counts = new Map<string, Count>();
  for (const node of integers.graph.nodes) {
    const outputs = node.outputs.filter((value): value is Value => value !== null && known.has(value.name));
    if (!isChecked(node) || outputs.length === 0) continue;
    const operands = node.inputs.map(read);
    if (node.inputs.some((value, i) => value && !operands[i])) continue;
    const computed = evaluateNode(node, operands, { arithmetic });
    for (const [i, value] of node.outputs.entries()) {
      const actual = value && known.get(value.name);
      const expected = computed[i];
      if (!actual || !expected) continue;
      const op = node.is("QuantizeLinear") ? (computedBy(node.input)?.op ?? node.op) : node.op;
      const before = counts.get(op) ?? { nodes: 0, values: 0, differing: 0 };
      const here = { nodes: 1, values: expected.size, differing: differingElements(expected, actual) };
      counts.set(op, total([before, here]));
    }
  }
  return counts;
}

/** What a quantized float comes from: the product behind what moves its elements, else the node itself. */
function computedBy({ producer }: Value): Node | null {
  let node = producer;
  while (node && movesElements(node)) node = node.input.producer;
  return node && isIntegerProduct(node) ? node : producer;
}

/** Whether a float is read by what only moves its elements, and then quantized. */
function isQuantizedBehindMoves(value: Value): boolean {
  return value.users.some(
    (user) => movesElements(user) && user.outputs.some((moved) => moved && isQuantizedAtLast(moved)),
  );
}

function isQuantizedAtLast(value: Value): boolean {
  return value.users.some((user) => user.is("QuantizeLinear")) || isQuantizedBehindMoves(value);
}

/** Whether a node belongs to the integer part of a model: it computes codes, or a float directly from codes. */
function isChecked(node: Node): boolean {
  return node.outputs.some((value) => value !== null && (isCodes(value) || isIntegerProduct(node)));
}

function isIntegerProduct(node: Node): boolean {
  return node.op === "MatMulIntegerToFloat" || node.op === "QGemm";
}

function isCodes({ dtype }: Value): boolean {
  return dtype === "uint8" || dtype === "int8";
}

/** How many elements of two tensors of one shape differ in their bits. */
export function differingElements(a: Tensor, b: Tensor): number {
  if (a.dtype !== b.dtype || a.size !== b.size) return Math.max(a.size, b.size);
  const [x, y] = [a.bytes(), b.bytes()];
  const width = x.length / a.size;
  let count = 0;
  for (let i = 0; i < a.size; i++) {
    for (let at = i * width; at < (i + 1) * width; at++) {
      if (x[at] === y[at]) continue;
      count++;
      break;
    }
  }
  return count;
}
