import type { Upgrade } from "../upgrade.ts";

function none(op: string, opset: number, reason: string): Upgrade {
  return { op, opset, upgrade: (step) => step.unsupported(reason) };
}

const experiments = [
  "ATen",
  "Affine",
  "ConstantFill",
  "Crop",
  "DynamicSlice",
  "GRUUnit",
  "GivenTensorFill",
  "ImageScaler",
  "ParametricSoftplus",
  "Scale",
  "ScaledTanh",
];

/** Old forms that newer opsets cannot say. */
export const formsWithoutEquivalent: readonly Upgrade[] = [
  none("Split", 2, "its sizes may be an operand, which no form has until opset 13"),
  none("LpPool", 2, "its p was no integer"),
  none("GlobalLpPool", 2, "its p was no integer"),
  none("Tile", 6, "its operands were one axis and a count"),
  none("Scan", 9, "Scan of opset 8 runs over a batch dimension that newer ones do not have"),
  ...experiments.map((op) => none(op, 10, "the op was an experiment that opset 10 removed")),
];
