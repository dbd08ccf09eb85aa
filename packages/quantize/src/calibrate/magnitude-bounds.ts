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

const sumOps = ["Add", "Sub", "Sum"];

/** A bound of the first result of a node, from those of its operands. */
interface Step {
  readonly result: Value;
  readonly operands: readonly Value[];
  readonly bound: (operands: readonly number[]) => number;
}

/**
 * Upper bounds of the magnitudes of a graph's values, from those of some of its values: |Σ w·x| <= Σ|w| · max|x|. Ops on
 * finite numbers make NaN out of infinities only, so what is bounded has neither. Ops that are not known here give no bound.
 */
export class MagnitudeBounds {
  readonly #steps: readonly Step[];
  /** Of data of the model. */
  readonly #constants = new Map<Value, number>();

  constructor(graph: Graph) {
    this.#steps = [...graph.nodes].flatMap((node) => {
      const bound = node.outputs[0]?.dtype === "float" && node.domain === "" ? ruleOf(node) : null;
      if (bound === null || node.inputs[0]?.dtype !== "float") return [];
      const operands = node.inputs.filter((value) => value?.dtype === "float") as readonly Value[];
      for (const value of operands) if (isData(value)) this.#constants.set(value, largestMagnitude(value));
      return [{ result: node.outputs[0]!, operands, bound }];
    });
  }

  /** The values that are proven finite when the known ones are as large as said. */
  proven(known: ReadonlyMap<Value, number>): ReadonlySet<Value> {
    const bounds = new Map(this.#constants);
    const proven = new Set<Value>();
    for (const { result, operands, bound } of this.#steps) {
      const read = operands.map((value) => bounds.get(value) ?? known.get(value) ?? Infinity);
      const most = bound(read);
      if (![most, ...read].every((each) => each < largestProven)) continue;
      proven.add(result);
      bounds.set(result, Math.min(most, known.get(result) ?? Infinity));
    }
    return proven;
  }
}

/** How the bound of a node follows from those of its operands; null for ops that are not known. */
function ruleOf(node: Node): Step["bound"] | null {
  const most = (bounds: readonly number[]): number => bounds.reduce((a, b) => Math.max(a, b));
  if (unitOps.includes(node.op)) return () => 1;
  if (hasTrait(node, "keepsScale") || neverLargerOps.includes(node.op)) return most;
  if (node.op === "LeakyRelu") return (bounds) => bounds[0]! * Math.max(1, Math.abs(node.float("alpha", 0.01)));
  if (node.op === "Mul") return (bounds) => bounds[0]! * bounds[1]!;
  if (sumOps.includes(node.op)) return (bounds) => bounds.reduce((a, b) => a + b);
  const weight = hasTrait(node, "linear") ? node.inputs[1] : null;
  if (weight?.dtype !== "float") return null;
  const [alpha, beta] = [Math.abs(node.float("alpha", 1)), Math.abs(node.float("beta", 1))];
  const sum = isData(weight) ? sumOfMagnitudes(weight) : null;
  const terms = elementsOf(weight);
  return ([data, weights, bias = 0]) => data! * (sum ?? weights! * terms) * alpha + bias * beta;
}

function isData(value: Value): boolean {
  return value.initializer !== null && !value.isGraphInput;
}

/** Infinite where it is not known. */
function elementsOf({ shape }: Value): number {
  return (shape ?? [Infinity]).reduce<number>(
    (product, dim) => product * (typeof dim === "number" ? dim : Infinity),
    1,
  );
}

/** NaN if one element is. */
function largestMagnitude(value: Value): number {
  let most = 0;
  for (const each of value.initializer!.floats()) most = Math.max(most, Math.abs(each));
  return most;
}

function sumOfMagnitudes(value: Value): number {
  let sum = 0;
  for (const each of value.initializer!.floats()) sum += Math.abs(each);
  return sum;
}
