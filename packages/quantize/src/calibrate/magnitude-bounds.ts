import { hasTrait, type Graph, type Node, type Value } from "@lowbit/ir";

/**
 * Below this a bound proves that elements are finite: float32 ends at 3.4e38, and rounding of intermediate sums can carry
 * a result beyond the bound of the exact one by far less than the factor that is left.
 */
const largestProven = 1e37;

/** Ops whose results lie in [-1, 1], whatever finite numbers they read. */
const unitOps = ["Sigmoid", "HardSigmoid", "Tanh", "Softmax"];

/** Ops whose results are no larger than the largest element of some operand. */
const neverLargerOps = ["Relu", "Clip", "AveragePool", "GlobalAveragePool", "ReduceMean", "HardSwish"];

/**
 * Upper bounds of the magnitudes of a graph's values, from those of some of its values: |Σ w·x| <= Σ|w| · max|x|. Ops on
 * finite numbers make NaN out of infinities only, so what is bounded has neither. Ops that are not known here give no bound.
 */
export class MagnitudeBounds {
  readonly #nodes: readonly Node[];
  /** By operands that are data of the model. */
  readonly #largest = new Map<Value, number>();
  readonly #sums = new Map<Value, number>();

  constructor(graph: Graph) {
    this.#nodes = [...graph.nodes];
  }

  /** The values that are proven finite when the known ones are as large as said. */
  proven(known: ReadonlyMap<Value, number>): ReadonlySet<Value> {
    const bounds = new Map<Value, number>();
    const proven = new Set<Value>();
    for (const node of this.#nodes) {
      const [result] = node.outputs;
      if (!result || result.dtype !== "float") continue;
      const bound = this.#boundOf(node, bounds, known);
      if (bound === null || !(bound < largestProven)) continue;
      proven.add(result);
      bounds.set(result, Math.min(bound, known.get(result) ?? Infinity));
    }
    return proven;
  }

  #boundOf(node: Node, computed: ReadonlyMap<Value, number>, known: ReadonlyMap<Value, number>): number | null {
    if (node.domain !== "") return null;
    const operands = node.inputs.filter((value) => value?.dtype === "float") as readonly Value[];
    if (operands.length === 0 || operands[0] !== node.inputs[0]) return null;
    const bounds = operands.map((value) => {
      return value.initializer && !value.isGraphInput
        ? this.#largestOf(value)
        : (computed.get(value) ?? known.get(value));
    });
    if (!bounds.every((bound) => bound !== undefined)) return null;
    const [first, ...others] = bounds as [number, ...number[]];
    if (unitOps.some((op) => node.is(op))) return 1;
    if (hasTrait(node, "keepsScale") || neverLargerOps.some((op) => node.is(op))) return Math.max(...bounds);
    if (node.is("LeakyRelu")) return first * Math.max(1, Math.abs(node.float("alpha", 0.01)));
    if (node.is("Mul")) return first * others[0]!;
    if (node.is("Add") || node.is("Sub") || node.is("Sum")) return others.reduce((a, b) => a + b, first);
    if (!hasTrait(node, "linear") || operands.length < 2) return null;
    const terms = this.#weightSum(operands[1]!, others[0]!);
    const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)].map(Math.abs) as [number, number];
    return terms === null ? null : first * terms * alpha + (others[1] ?? 0) * beta;
  }

  /** Sum of the magnitudes of a product's weights, or a bound of it where they are computed. */
  #weightSum(weight: Value, bound: number): number | null {
    if (weight.initializer && !weight.isGraphInput) return remembered(this.#sums, weight, sumOfMagnitudes);
    const dims = weight.shape ?? [];
    const sizes = dims.filter((dim): dim is number => typeof dim === "number");
    return weight.shape === null || sizes.length < dims.length ? null : bound * sizes.reduce((a, b) => a * b, 1);
  }

  #largestOf(value: Value): number {
    return remembered(this.#largest, value, largestMagnitude);
  }
}

function remembered(known: Map<Value, number>, value: Value, compute: (floats: Float32Array) => number): number {
  const found = known.get(value) ?? compute(value.initializer!.floats());
  known.set(value, found);
  return found;
}

/** NaN if one element is. */
function largestMagnitude(floats: Float32Array): number {
  let most = 0;
  for (const each of floats) most = Math.max(most, Math.abs(each));
  return most;
}

function sumOfMagnitudes(floats: Float32Array): number {
  let sum = 0;
  for (const each of floats) sum += Math.abs(each);
  return sum;
}
