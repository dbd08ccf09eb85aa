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
  // Between DequantizeLinear and QuantizeLinear a float that is returned would keep kernels from being formed.
  const isSeen = (value: Value): boolean =>
    isCodes(value) || (value.producer !== null && isIntegerProduct(value.producer));
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
  const read = (value: Value | null): Tensor | null => value && (known.get(value.name) ?? value.constant);
  const counts = new Map<string, Count>();
  for (const node of integers.graph.nodes) {
    const outputs = node.outputs.filter((value): value is Value => value !== null && known.has(value.name));
    if (!isChecked(node) || outputs.length === 0) continue;
    const operands = node.inputs.map(read);
    const computed = node.inputs.every((value, i) => !value || operands[i])
      ? evaluateNode(node, operands, { arithmetic })
      : movedCodes(node, read);
    if (!computed) continue;
    for (const [i, value] of node.outputs.entries()) {
      const actual = value && known.get(value.name);
      const expected = computed[i];
      if (!actual || !expected) continue;
      const op = node.is("QuantizeLinear") ? (node.input.producer?.op ?? node.op) : node.op;
      const before = counts.get(op) ?? { nodes: 0, values: 0, differing: 0 };
      const here = { nodes: 1, values: expected.size, differing: differingElements(expected, actual) };
      counts.set(op, total([before, here]));
    }
  }
  return counts;
}

/** What the interpreter makes of `QuantizeLinear(op(DequantizeLinear(codes)))` where op only moves elements. */
function movedCodes(node: Node, read: (value: Value | null) => Tensor | null): readonly (Tensor | null)[] | null {
  const moving = node.input.producer;
  const dequantize = moving?.inputs[0]?.producer;
  if (!node.is("QuantizeLinear") || !moving || !movesElements(moving)) return null;
  if (!dequantize?.is("DequantizeLinear")) return null;
  const [codes, ...parameters] = dequantize.inputs.map(read);
  const others = moving.inputs.slice(1).map(read);
  if (!codes || parameters.some((each) => !each) || moving.inputs.slice(1).some((value, i) => value && !others[i])) {
    return null;
  }
  const [floats] = evaluateNode(dequantize, [codes, ...parameters]);
  const moved = evaluateNode(moving, [floats!, ...others])[moving.outputs.indexOf(node.input)];
  return evaluateNode(node, [moved!, ...node.inputs.slice(1).map(read)]);
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
