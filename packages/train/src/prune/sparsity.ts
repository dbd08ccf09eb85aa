import { axisFromFirst, hasTrait, schemaOf, type Graph, type Node, type Tensor, type Value } from "@lowbit/ir";
import { inputAxisOf } from "./prunable-weights.ts";

/** How many elements of one weight are exactly zero. */
export interface WeightSparsity {
  /** Name of the initializer. */
  readonly name: string;
  readonly zeros: number;
  readonly size: number;
  /** Whether of every four input channels in a row at most two are not zero. */
  readonly twoOfFour: boolean;
}

/** How many weights of a model are exactly zero. */
export interface Sparsity {
  readonly weights: readonly WeightSparsity[];
  readonly zeros: number;
  readonly size: number;
}

/** Counts the zeros in the weights of linear ops: 0.0 in float weights, codes at their zero point in quantized ones. */
export function weightSparsity(graph: Graph): Sparsity {
  const weights = new Map<Value, WeightSparsity>();
  for (const node of graph.nodes) {
    if (!hasTrait(node, "linear")) continue;
    node.inputs.forEach((value, index) => {
      const axis = value ? inputAxisOf(node, index, value) : null;
      const stored = value && axis !== null ? storedWeight(node, index, value) : null;
      if (!stored || weights.has(stored.value)) return;
      const { dims, size } = stored.value.initializer!;
      const zero = zeroElements(stored);
      const zeros = zero.reduce<number>((sum, each) => sum + each, 0);
      const twoOfFour = isTwoOfFour(zero, dims, axis!);
      weights.set(stored.value, { name: stored.value.name, zeros, size, twoOfFour });
    });
  }
  const all = [...weights.values()];
  const total = (of: (each: WeightSparsity) => number): number => all.reduce((sum, each) => sum + of(each), 0);
  return { weights: all, zeros: total(({ zeros }) => zeros), size: total(({ size }) => size) };
}

/** A weight's initializer, and the zero point of its codes (null: 0) along an axis. */
interface StoredWeight {
  readonly value: Value;
  readonly zeroPoint: Tensor | null;
  readonly axis: number;
}

function storedWeight(node: Node, index: number, value: Value): StoredWeight | null {
  if (value.producer?.is("DequantizeLinear")) {
    const [codes, , zeroPoint] = value.producer.inputs;
    if (!codes?.initializer) return null;
    return { value: codes, zeroPoint: zeroPoint?.constant ?? null, axis: value.producer.int("axis", 1) };
  }
  if (!value.initializer) return null;
  const names = schemaOf(node.op, node.domain)!.inputs.map((name) => name.replace(/\W/g, "").toLowerCase());
  const at = names.indexOf(`${names[index]}_zero_point`);
  const channels = inputAxisOf(node, index, value) === 1 && value.initializer.dims.length > 2 ? 0 : -1;
  return { value, zeroPoint: (at < 0 ? null : node.inputs[at]?.constant) ?? null, axis: channels };
}

/** 1 where an element is zero. */
function zeroElements({ value, zeroPoint, axis }: StoredWeight): Uint8Array {
  const { dims } = value.initializer!;
  const codes = value.initializer!.numbers();
  const zeros = zeroPoint?.numbers() ?? [0];
  const at = axisFromFirst(axis, dims.length);
  const stride = dims.slice(at + 1).reduce((a, b) => a * b, 1);
  const single = zeros.length === 1;
  return Uint8Array.from(codes, (code, i) => (code === zeros[single ? 0 : Math.floor(i / stride) % dims[at]!] ? 1 : 0));
}

function isTwoOfFour(zero: Uint8Array, dims: readonly number[], axis: number): boolean {
  if (dims[axis]! % 4 !== 0) return false;
  const stride = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  for (let begin = 0; begin < zero.length; begin += 4 * stride) {
    for (let at = begin; at < begin + stride; at++) {
      if (zero[at]! + zero[at + stride]! + zero[at + 2 * stride]! + zero[at + 3 * stride]! < 2) return false;
    }
  }
  return true;
}
