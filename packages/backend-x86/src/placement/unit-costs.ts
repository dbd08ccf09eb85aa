import { channelCount, kernelOp, type Unit } from "@lowbit/backend-kit";
import type { Node, Shape, Value } from "@lowbit/ir";
import { interpolate, type CostFamily, type CostTable } from "./cost-table.ts";
import { isOverWholePlane } from "./whole-plane.ts";

/** What a unit costs in microseconds on either kind of numbers. */
export interface UnitCost {
  readonly float: number;
  readonly integer: number;
}

/** Most input channels of a convolution that is priced as the first of a model. */
const stemChannels = 3;

const free: UnitCost = { float: 0, integer: 0 };

const families: Readonly<Record<string, CostFamily>> = {
  Add: "add",
  Mul: "multiply",
  Sigmoid: "sigmoid",
  LeakyRelu: "sigmoid",
  Softmax: "sigmoid",
  MaxPool: "maxPool",
  AveragePool: "averagePool",
  GlobalAveragePool: "globalAveragePool",
  Resize: "resize",
};

/** Ops that only give a tensor another shape. */
const reshapes: ReadonlySet<string> = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** Prices units and conversions by a table, for one batch. */
export class Prices {
  readonly #table: CostTable;
  readonly #batch: number;

  constructor(table: CostTable, batch: number) {
    this.#table = table;
    this.#batch = batch;
  }

  /** Both costs of a unit. */
  unit(unit: Unit): UnitCost {
    const { anchor, weight } = unit;
    const { op } = kernelOp(anchor);
    if (reshapes.has(op)) return free;
    if (op === "Conv" && weight) return this.#convolution(anchor, unit.results[0]!);
    if (op === "Gemm" || op === "MatMul") return this.#matrix(anchor);
    const isGlobal = op === "AveragePool" && isOverWholePlane(anchor);
    const family = isGlobal ? "globalAveragePool" : (families[op] ?? "move");
    const cost = this.#price(family, [this.#elements(anchor)], this.#elements(anchor));
    return isFusedInFloat(unit) ? { ...cost, float: cost.float * fusedShare } : cost;
  }

  /** What turning a value into codes costs. */
  quantize(value: Value): number {
    return this.#conversion(value, "quantize");
  }

  dequantize(value: Value): number {
    return this.#conversion(value, "dequantize");
  }

  #conversion(value: Value, way: "quantize" | "dequantize"): number {
    const size = this.#size(value.shape);
    // Images of few channels are not laid out anew for float kernels, nor small vectors for any.
    const hasPlanes = value.shape?.length === 4 && this.#dim(value.shape, 1) > stemChannels;
    return this.#price(hasPlanes ? `${way}Planes` : way, [size], size).integer;
  }

  #convolution(node: Node, result: Value): UnitCost {
    const weight = node.inputs[1]!.shape ?? [];
    const [group, taps] = [node.int("group", 1), this.#size(weight.slice(2))];
    const outputs = channelCount(node) ?? 1;
    const inputs = this.#dim(weight, 1);
    const positions = this.#size(result.shape) / outputs;
    const products = positions * outputs * inputs * taps;
    if (group > 1 && inputs === 1) return this.#price("depthwise", [outputs, positions], products);
    if (group > 1) return this.#price("convolution", [inputs, outputs / group, positions], products);
    if (inputs <= stemChannels) return this.#price("stem", [inputs, taps, outputs, positions], products);
    // Kernels work on blocks of 16 channels: what is missing to a full one costs as much as if it were there.
    const [from, to] = [inBlocks(inputs), inBlocks(outputs)];
    const padded = (products / (inputs * outputs)) * from * to;
    return this.#price(taps === 1 ? "pointwise" : "convolution", [from, to, positions], padded);
  }

  #matrix(node: Node): UnitCost {
    const [a, result] = [node.inputs[0]!.shape ?? [], node.output.shape ?? []];
    const columns = this.#dim(result, -1);
    const rows = this.#size(result) / columns;
    const inner = this.#dim(a, node.int("transA", 0) === 1 ? -2 : -1);
    return this.#price("matrix", [rows, inner, columns], rows * inner * columns);
  }

  #elements(node: Node): number {
    const sizes = [...node.inputs, ...node.outputs].flatMap((value) => (value ? [this.#size(value.shape)] : []));
    return Math.max(1, ...sizes);
  }

  #price(family: CostFamily, at: readonly number[], work: number): UnitCost {
    const grid = this.#table[family];
    const cost = (costs: readonly number[]): number => (work * interpolate(grid, costs, at)) / 1000;
    return { float: cost(grid.float), integer: cost(grid.integer) };
  }

  #dim(shape: Shape, axis: number): number {
    const dim = shape.at(axis);
    return typeof dim === "number" ? dim : 1;
  }

  /** Elements of a shape whose open first axis is the batch. */
  #size(shape: Shape | null): number {
    return (shape ?? []).reduce<number>(
      (product, dim, axis) => product * (typeof dim === "number" ? dim : axis === 0 ? this.#batch : 1),
      1,
    );
  }
}

function inBlocks(channels: number): number {
  return channels <= 8 ? channels : 16 * Math.ceil(channels / 16);
}

/** What reading the other operand leaves of the cost of an op that a float kernel takes in. */
const fusedShare = 0.3;

/** Whether the float kernels take the op in: an Add behind a convolution, and x · sigmoid(x), which is one kernel. */
function isFusedInFloat({ anchor }: Unit): boolean {
  const onlyReads = (value: Value | null, op: string): boolean => value?.producer?.op === op && value.uses.size === 1;
  if (anchor.op === "Add") return anchor.inputs.some((value) => onlyReads(value, "Conv"));
  if (anchor.op !== "Mul") return false;
  return anchor.inputs.some((value, i) => {
    const source = value?.producer;
    return source?.op === "Sigmoid" && value!.uses.size === 1 && source.inputs[0] === anchor.inputs[1 - i];
  });
}
