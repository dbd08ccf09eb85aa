import type { Upgrade, UpgradeStep } from "../upgrade.ts";

/** Largest finite float32: as a limit of Clip it is no limit. */
const unlimited = 3.4028234663852886e38;

/** Turns an attribute with integers into the operand at an index. */
function intsTo(index: number, name: string): (step: UpgradeStep) => void {
  return (step) => {
    const attribute = step.node.attributes.get(name);
    // An empty list means the same as none: all axes.
    if (attribute?.kind === "ints" && attribute.value.length === 0) step.drop(name);
    const operand = step.intsOperand(name);
    if (operand) step.setOperands({ [index]: operand });
  };
}

function clip(step: UpgradeStep): void {
  const x = step.operand(0);
  const limit = (name: "min" | "max", none: number) => {
    const attribute = step.node.attributes.get(name);
    if (attribute?.kind === "float" && attribute.value === none) step.drop(name);
    return step.scalarOperand(name, x);
  };
  const [min, max] = [limit("min", -unlimited), limit("max", unlimited)];
  step.setOperands({ 1: min, 2: max });
}

function pad(step: UpgradeStep): void {
  const pads = step.intsOperand("pads");
  if (!pads) return step.unsupported("it has no pads");
  const fill = step.node.attributes.get("value");
  if (fill?.kind === "float" && fill.value === 0) step.drop("value");
  step.setOperands({ 1: pads, 2: step.scalarOperand("value", step.operand(0)) });
}

function slice(step: UpgradeStep): void {
  const [starts, ends, axes] = ["starts", "ends", "axes"].map((name) => step.intsOperand(name));
  if (!starts || !ends) return step.unsupported("it has no starts or no ends");
  step.setOperands({ 1: starts, 2: ends, 3: axes ?? null });
}

function topK(step: UpgradeStep): void {
  const k = step.intsOperand("k");
  if (!k) return step.unsupported("it has no k");
  step.setOperands({ 1: k });
}

/** Since opset 18 equal pieces must be asked for by their number. */
function split18(step: UpgradeStep): void {
  if (!step.operand(1) && !step.has("num_outputs")) step.set("num_outputs", step.node.outputs.length);
}

/** Opset 20 has the axis as an operand, and another default. */
function dft(step: UpgradeStep): void {
  const axis = step.int("axis", 1);
  step.drop("axis");
  step.setOperands({ 2: step.constant("int64", [axis], "axis", []) });
}

const reductions = ["Max", "Min", "Mean", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"];

export const attributeForms: readonly Upgrade[] = [
  { op: "Slice", opset: 10, upgrade: slice },
  { op: "TopK", opset: 10, upgrade: topK },
  { op: "Clip", opset: 11, upgrade: clip },
  { op: "Pad", opset: 11, upgrade: pad },
  { op: "Squeeze", opset: 13, upgrade: intsTo(1, "axes") },
  { op: "Unsqueeze", opset: 13, upgrade: intsTo(1, "axes") },
  { op: "ReduceSum", opset: 13, upgrade: intsTo(1, "axes") },
  { op: "Split", opset: 13, upgrade: intsTo(1, "split") },
  { op: "Split", opset: 18, upgrade: split18 },
  ...reductions.map((name) => ({ op: `Reduce${name}`, opset: 18, upgrade: intsTo(1, "axes") })),
  { op: "DFT", opset: 20, upgrade: dft },
];
