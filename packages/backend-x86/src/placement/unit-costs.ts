import { channelCount, isModelData, kernelOp, type Unit } from "@lowbit/backend-kit";
import type { Dim, Node, Shape, Value } from "@lowbit/ir";
import { columnsAsChannelsOf } from "../columns-as-channels.ts";
import { groupsTogetherOf } from "../groups-together.ts";
import { addedProducts, pixelsAsChannelsOf } from "../pixels-as-channels.ts";
import { stridesAsChannelsOf, type BlockedForm } from "../strides-as-channels.ts";
import { block, elementsInBlocks, isPerChannel } from "./blocked-layout.ts";
import { takenActivation } from "./taken-activation.ts";
import { interpolate, type CostFamily, type CostTable } from "./cost-table.ts";
import { isOverWholePlane } from "./whole-plane.ts";

/** What a unit costs in microseconds on either kind of numbers. */
export interface UnitCost {
  readonly float: number;
  readonly integer: number;
  /** What it costs more in float where a producer that would take it in runs on integers. */
  readonly apart?: Surcharge;
  /** What it costs more on integers where the producer of its image runs in float. */
  readonly alone?: Surcharge;
}

/** Microseconds that depend on how the kernel before runs. */
interface Surcharge {
  readonly from: Node;
  readonly more: number;
}

/** Most input channels of a convolution that is priced as the first of a model. */
const stemChannels = 3;

/** Microseconds below which measured kernels differ by chance. */
const leastTold = 1;

/**
 * What activations take apart from a convolution, in products (Tanh: sigmoids) of as many floats. ONNX Runtime makes a HardSigmoid and a
 * product of HardSwish. (9.4 million elements, Zen 4: HardSigmoid 2.8 ms, the product 4.1.)
 */
const passesOf: Readonly<Record<string, number>> = { HardSigmoid: 0.7, HardSwish: 1.7, Tanh: 1 };

const free: UnitCost = { float: 0, integer: 0 };

const families: Readonly<Record<string, CostFamily>> = {
  Add: "add",
  Mul: "multiply",
  Sigmoid: "sigmoid",
  LeakyRelu: "sigmoid",
  Softmax: "softmax",
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
  readonly #isBatch: (symbol: string) => boolean;

  /** @param isBatch whether a dimension of this name is the batch; by default every open dimension is. */
  constructor(table: CostTable, batch: number, isBatch: (symbol: string) => boolean = () => true) {
    this.#table = table;
    this.#batch = batch;
    this.#isBatch = isBatch;
  }

  /** Both costs of a unit. @param isInBlocks whether its float kernel keeps channels in blocks */
  unit(unit: Unit, isInBlocks = false): UnitCost {
    const { anchor, weight } = unit;
    const { op } = kernelOp(anchor);
    if (reshapes.has(op)) return free;
    if (op === "Conv" && weight) return this.#withActivation(unit, this.#convolution(anchor, unit.results[0]!));
    if (op === "Gemm" || op === "MatMul") return this.#matrix(anchor, weight === null);
    const isGlobal = op === "AveragePool" && isOverWholePlane(anchor);
    const family = isGlobal ? "globalAveragePool" : (families[op] ?? "move");
    const size = this.#elements(anchor);
    if (isPerChannel(anchor)) {
      const shape = anchor.output.shape ?? [];
      const channels = this.#dim(shape, 1);
      const ordered = this.#price("perChannel", [channels, this.#size(shape.slice(2)), size / channels], size);
      const inBlocks = spreading * this.#price("multiply", [size], size).float;
      const cost = isInBlocks ? { ...ordered, float: inBlocks } : ordered;
      const from = anchor.inputs.find((value) => String(value?.shape) === String(shape))?.producer;
      // Codes that come from no kernel on codes have their channels first: then the kernel runs along planes, as in float.
      return from ? { ...cost, alone: { from, more: alongPlanes * ordered.float } } : cost;
    }
    const cost = this.#price(family, [size], size);
    if (isSwish(anchor)) return this.#halfOfSwish(anchor, cost, size);
    if (isTransposeOfProduct(anchor)) return { ...cost, float: 0 };
    const convolution = fusingConvolution(anchor);
    if (!convolution) return cost;
    const float = anchor.op === "Add" ? fusedShare * cost.float : 0;
    return { ...cost, float, apart: { from: convolution, more: cost.float - float } };
  }

  /**
   * What a product of floats with constant weights costs more where its kernel reads these as codes in blocks, below 0 where
   * it is faster so; null for units that have no such kernel. By the ratio of both kernels, so that it fits the float costs.
   */
  moreWithBlocks({ anchor, weight }: Unit): number | null {
    if (weight === null || (anchor.op !== "Gemm" && anchor.op !== "MatMul")) return null;
    const { rows, inner, columns } = this.#matrixSizes(anchor, false);
    const grid = this.#table.weightBlocks;
    const [float, codes] = [grid.float, grid.integer].map((costs) => interpolate(grid, costs, [rows, inner, columns]));
    return this.#matrix(anchor, false).float * (codes! / float! - 1);
  }

  /** What turning a value into codes costs, in the layout that kernels on codes want. */
  quantize(value: Value): number {
    return this.#conversion("quantize", value);
  }

  dequantize(value: Value): number {
    return this.#conversion("dequantize", value);
  }

  #conversion(family: "quantize" | "dequantize", value: Value): number {
    const size = this.#size(value.shape);
    const move = value.shape?.length === 4 ? this.#price("moveChannels", [size], size).integer : 0;
    return this.#price(family, [size], size).integer + move;
  }

  /** What it costs to put the channels of a float image into blocks, or back in order. */
  layout(family: "toBlocks" | "fromBlocks", value: Value): number {
    const size = elementsInBlocks(value, this.#size(value.shape));
    return this.#price(family, [size], size).float;
  }

  /** One of the two ops of x · sigmoid(x). Behind a kernel on codes they are two in float, and each dequantizes x for itself. */
  #halfOfSwish(node: Node, cost: UnitCost, size: number): UnitCost {
    const float = this.#price("swish", [size], size).float / 2;
    const sigmoid =
      node.op === "Sigmoid" ? node : node.inputs.find((value) => value?.producer?.op === "Sigmoid")!.producer!;
    const from = sigmoid.input.producer;
    if (!from) return { ...cost, float };
    const again = node.op === "Sigmoid" ? this.#price("dequantize", [size], size).integer : 0;
    return { ...cost, float, apart: { from, more: Math.max(0, cost.float + again - float) } };
  }

  /** On integers, an activation that only the float kernel takes in is computed in float, between two conversions. */
  #withActivation(unit: Unit, cost: UnitCost): UnitCost {
    const activation = takenActivation(unit);
    if (!activation) return cost;
    const size = this.#size(activation.output.shape);
    const conversions = ["dequantize", "quantize"] as const;
    const [there, back] = conversions.map((family) => this.#price(family, [size], size).integer);
    const passes = activation.op === "Tanh" ? "sigmoid" : "multiply";
    const own = passesOf[activation.op]! * this.#price(passes, [size], size).float;
    return { ...cost, integer: cost.integer + there! + own + back! };
  }

  #convolution(node: Node, result: Value): UnitCost {
    const weight = node.inputs[1]!.shape ?? [];
    const [group, taps] = [node.int("group", 1), this.#size(weight.slice(2))];
    const outputs = channelCount(node) ?? 1;
    const inputs = this.#dim(weight, 1);
    const positions = this.#size(result.shape) / outputs;
    const products = positions * outputs * inputs * taps;
    if (group > 1 && inputs === 1) {
      const product = this.#price("depthwise", [outputs, positions], products);
      const read = this.#size(node.inputs[0]!.shape);
      if (read <= 2 * outputs * positions) return product;
      // With strides, it takes longer to read the image than to multiply: as long as pooling it.
      return larger(product, this.#price("maxPool", [read], read));
    }
    if (group > 1) return this.#groups(node, [inputs, outputs / group, positions], products);
    if (inputs <= stemChannels) {
      const blocks = stridesAsChannelsOf(node, weight.map(Number));
      if (typeof blocks !== "string") return this.#stridedStem(node, blocks, positions, products);
      const stem = this.#asPixels(node, "stem", [inputs, taps, outputs, positions], products);
      return { ...stem, integer: this.#withColumnsAsChannels(node, outputs, positions, products) ?? stem.integer };
    }
    // Kernels work on blocks of 16 channels: what is missing to a full one costs as much as if it were there.
    const [from, to] = [inBlocks(inputs), inBlocks(outputs)];
    const padded = (products / (inputs * outputs)) * from * to;
    const family = taps === 1 ? "pointwise" : "convolution";
    const cost = this.#asPixels(node, family, [from, to, positions], padded);
    if (taps > 1 || inputs >= block) return cost;
    // Between float convolutions, a block is filled with zeros, which kernels read faster than single channels; whether all
    // around it will be float is not known here.
    const filled = this.#price("pointwise", [block, to, positions], (padded / from) * block);
    return { ...cost, float: Math.min(cost.float, Math.sqrt(cost.float * filled.float)) };
  }

  /** A convolution of groups, some of which are computed together on integers. */
  #groups(node: Node, [inputs, outputs, positions]: readonly [number, number, number], products: number): UnitCost {
    const alone = this.#price("convolution", [inputs, outputs, positions], products);
    const together = groupsTogetherOf(node, (node.inputs[1]!.shape ?? []).map(Number));
    const { integer } = this.#price(
      "convolution",
      [together * inputs, together * outputs, positions],
      together * products,
    );
    return { ...alone, integer };
  }

  /** What a convolution costs whose integer kernel may compute pixels of a row as output channels, the last axis but one. */
  #asPixels(node: Node, family: CostFamily, at: readonly number[], products: number): UnitCost {
    const cost = this.#price(family, at, products);
    const weight = (node.inputs[1]!.shape ?? []).map(Number);
    const pixels = pixelsAsChannelsOf(node, weight);
    if (typeof pixels === "string") return cost;
    const [outputs, wide] = [at.at(-2)!, inBlocks(pixels * weight[0]!)];
    const added = addedProducts(weight.at(-1)!, node.ints("strides", [1, 1]).at(-1) as number, pixels);
    const work = (products * added * wide) / (outputs * pixels);
    const windows = family === "pointwise" ? "convolution" : family;
    const together = this.#price(windows, [...at.slice(0, -2), wide, at.at(-1)! / pixels], work).integer;
    return { ...cost, integer: Math.min(cost.integer, together) };
  }

  /** A convolution of few channels whose integer kernel reads the blocks of its strides as channels. */
  #stridedStem(node: Node, { columns, pixels }: BlockedForm, positions: number, products: number): UnitCost {
    const [outputs, inputs] = (node.inputs[1]!.shape ?? []).map(Number) as [number, number];
    const taps = products / (positions * outputs * inputs);
    const { float } = this.#price("stridedStem", [inputs, taps, outputs, positions], products);
    const added = addedProducts(columns.window, 1, pixels);
    const at = [inputs, taps, outputs * pixels, positions / pixels];
    const { integer } = this.#price("stridedStem", at, products * added);
    const cost = { float, integer };
    const image = this.#size(node.inputs[0]!.shape);
    // Rows are moved before the elements, which a conversion counts.
    const moving = this.#price("moveChannels", [image], image).integer;
    return { ...cost, integer: cost.integer + moving };
  }

  /** What a convolution of one channel costs on integers with the columns of its window as channels; null where it stays as it is. */
  #withColumnsAsChannels(node: Node, outputs: number, positions: number, products: number): number | null {
    const form = columnsAsChannelsOf(node, (node.inputs[1]!.shape ?? []).map(Number));
    if (typeof form === "string") return null;
    const padded = (products * inBlocks(outputs)) / outputs;
    const product = this.#price("convolution", [form.columns, inBlocks(outputs), positions], padded).integer;
    const columns = this.#size(node.inputs[0]!.shape) * form.columns;
    // A Pad, a Slice for each column, and a Concat.
    return product + this.#price("move", [columns], columns).integer + (form.columns + 2) * leastTold;
  }

  #matrix(node: Node, isComputed: boolean): UnitCost {
    const { rows, inner, columns } = this.#matrixSizes(node, isComputed);
    const products = this.#size(node.output.shape ?? []) * inner;
    return this.#price(isComputed ? "matrices" : "matrix", [rows, inner, columns], products);
  }

  #matrixSizes(
    node: Node,
    isComputed: boolean,
  ): { readonly rows: number; readonly inner: number; readonly columns: number } {
    const [a, result] = [node.inputs[0]!.shape ?? [], node.output.shape ?? []];
    const columns = this.#dim(result, -1);
    const rows = isComputed ? this.#dim(result, -2) : this.#size(result) / columns;
    const inner = this.#dim(a, node.int("transA", 0) === 1 ? -2 : -1);
    return { rows, inner, columns };
  }

  #elements(node: Node): number {
    const sizes = [...node.inputs, ...node.outputs].flatMap((value) => (value ? [this.#size(value.shape)] : []));
    return Math.max(1, ...sizes);
  }

  #price(family: CostFamily, at: readonly number[], work: number): UnitCost {
    const grid = this.#table[family];
    const cost = (costs: readonly number[]): number =>
      Math.max(leastTold, (work * interpolate(grid, costs, at)) / 1000);
    return { float: cost(grid.float), integer: cost(grid.integer) };
  }

  #dim(shape: Shape, axis: number): number {
    const dim = shape.at(axis);
    return dim === undefined ? 1 : this.#length(dim, false);
  }

  #size(shape: Shape | null): number {
    return (shape ?? []).reduce<number>((product, dim, axis) => product * this.#length(dim, axis === 0), 1);
  }

  /** A dimension at this batch, such as `4*N`; what is not known is taken for 1, or in the first place for the batch. */
  #length(dim: Dim, isFirst: boolean): number {
    if (typeof dim === "number") return dim;
    if (dim === null) return isFirst ? this.#batch : 1;
    const factors = dim
      .split("*")
      .map((part) => (/^\d+$/.test(part) ? Number(part) : this.#isBatch(part) ? this.#batch : 1));
    return factors.reduce((product, each) => product * each, 1);
  }
}

function larger(a: UnitCost, b: UnitCost): UnitCost {
  return { float: Math.max(a.float, b.float), integer: Math.max(a.integer, b.integer) };
}

function inBlocks(channels: number): number {
  return channels <= 8 ? channels : 16 * Math.ceil(channels / 16);
}

/** How many times longer than in float codes with channels first are multiplied by numbers per channel. */
const alongPlanes = 1.5;

/** How many times longer than a product of two images one takes that spreads numbers per channel over the image first. */
const spreading = 1.2;

/** What reading the other operand leaves of the cost of an Add that a float convolution takes in. */
const fusedShare = 0.3;

function isOnlyReadOf(value: Value | null, op: string): boolean {
  return value?.producer?.op === op && value.uses.size === 1;
}

/** The convolution whose float kernel takes in the node: an activation, or the addition of another image. */
function fusingConvolution(node: Node): Node | null {
  if (!["Add", "Sigmoid", "LeakyRelu"].includes(node.op)) return null;
  return node.inputs.find((value) => isOnlyReadOf(value, "Conv"))?.producer ?? null;
}

/** Whether the node is one of the two of x · sigmoid(x), which are one float kernel. */
function isSwish(node: Node): boolean {
  if (node.op === "Sigmoid") {
    const [use, ...others] = node.output.uses;
    return use !== undefined && others.length === 0 && use.node.op === "Mul" && isSwish(use.node);
  }
  return (
    node.op === "Mul" &&
    node.inputs.some((value, i) => isOnlyReadOf(value, "Sigmoid") && value!.producer!.input === node.inputs[1 - i])
  );
}

/** Whether only products of computed matrices read a Transpose, scaled or not: their float kernel does both for nothing. */
function isTransposeOfProduct(node: Node): boolean {
  return node.op === "Transpose" && node.output.uses.size > 0 && isReadByProducts(node.output);
}

function isReadByProducts(value: Value): boolean {
  return [...value.uses].every(({ node: reader }) => {
    const others = reader.inputs.filter((each) => each !== value);
    if (reader.op === "MatMul") return !others.some(isWeight);
    const isScaling = (reader.op === "Mul" || reader.op === "Div") && others.every(isWeight);
    return isScaling && isReadByProducts(reader.output);
  });
}

function isWeight(value: Value | null): boolean {
  return value !== null && isModelData(value);
}
