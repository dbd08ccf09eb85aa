import { kernelOp, isModelData, type Unit } from "@lowbit/backend-kit";
import type { Value } from "@lowbit/ir";

/** Channels in one block of ONNX Runtime's layout for float convolutions with AVX512. */
const block = 16;

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
    for (const value of unit.results) values.add(value);
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
  if (elementwise.has(op)) return operands.every((value) => String(value.shape) === String(shape));
  return onFullBlocks.has(op) && operands.every((value) => channelsOf(value) % block === 0);
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
