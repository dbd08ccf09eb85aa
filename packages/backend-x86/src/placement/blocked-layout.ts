import { kernelOp, isModelData, type Unit } from "@lowbit/backend-kit";
import type { Node, Value } from "@lowbit/ir";
import { handedOn } from "./taken-activation.ts";

/** Channels in one block of ONNX Runtime's layout for float convolutions with AVX512. */
export const block = 16;

/** Ops that keep blocks as they are, whatever the number of channels. */
const elementwise: ReadonlySet<string> = new Set(["Add", "Mul", "Sigmoid", "LeakyRelu"]);

/** Ops that work on blocks that are full. */
const onFullBlocks: ReadonlySet<string> = new Set(["MaxPool", "AveragePool", "GlobalAveragePool", "Concat", "Resize"]);

/**
 * The units whose float kernels give their results in blocks of channels: convolutions of images, and what takes such blocks
 * over from them. Every other op makes ONNX Runtime bring the channels back into order first.
 */
export function blockedUnits(units: readonly Unit[]): ReadonlySet<Unit> {
  const blocked = new Set<Unit>();
  const values = new Set<Value>();
  for (const unit of units) {
    if (!givesBlocks(unit, values)) continue;
    blocked.add(unit);
    for (const value of handedOn(unit)) values.add(value);
  }
  return blocked;
}

function givesBlocks(unit: Unit, blocked: ReadonlySet<Value>): boolean {
  const { op } = kernelOp(unit.anchor);
  const { shape } = unit.results[0]!;
  if (shape?.length !== 4) return false;
  if (op === "Conv") return unit.weight !== null;
  const operands = unit.data.map((use) => use.node.inputs[use.index]!).filter((value) => !isModelData(value));
  if (!operands.every((value) => blocked.has(value))) return false;
  const isFull = operands.every((value) => channelsOf(value) % block === 0 || canBeFilled(op, value));
  if (elementwise.has(op)) {
    const isSpread = unit.anchor.op === "Mul" && isPerChannel(unit.anchor) && isFull;
    return isSpread || operands.every((value) => String(value.shape) === String(shape));
  }
  return onFullBlocks.has(op) && isFull;
}

/** Whether few channels are filled up to a block, which products with them and their means allow. */
function canBeFilled(op: string, value: Value): boolean {
  return (op === "Mul" || op === "GlobalAveragePool") && channelsOf(value) < block;
}

/** Whether a float kernel that works on blocks takes a value as it is: images of few channels. */
export function needsNoBlocks(value: Value): boolean {
  return channelsOf(value) < block;
}

/** Elements of a value of so many in blocks, the last of which is filled up. */
export function elementsInBlocks(value: Value, elements: number): number {
  const channels = channelsOf(value);
  return (elements / channels) * block * Math.ceil(channels / block);
}

function channelsOf({ shape }: Value): number {
  const channels = shape?.[1];
  return typeof channels === "number" && channels > 0 ? channels : 1;
}

/** Whether an Add or Mul gives all elements of a channel of an image the same operand. */
export function isPerChannel({ op, inputs, output }: Node): boolean {
  const { shape } = output;
  if (shape?.length !== 4 || (op !== "Add" && op !== "Mul")) return false;
  return inputs.some((value) => {
    const dims = value?.shape ?? [];
    return dims.at(-1) === 1 && dims.at(-2) === 1 && dims.at(-3) === shape[1] && (shape[2] !== 1 || shape[3] !== 1);
  });
}
