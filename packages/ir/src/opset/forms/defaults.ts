import { codeOfDType } from "../../ops/dtype-code.ts";
import { dtypes, type DType } from "../../types.ts";
import type { Upgrade, UpgradeStep } from "../upgrade.ts";

/** Makes a default that changed explicit. */
function explicit(name: string, value: number | string): (step: UpgradeStep) => void {
  return (step) => {
    if (!step.has(name)) step.set(name, value);
  };
}

/** Before opset 20 the modes were named after two dimensions. */
function gridSample(step: UpgradeStep): void {
  const mode = step.string("mode", "bilinear");
  const renamed: Readonly<Record<string, string>> = { bilinear: "linear", bicubic: "cubic" };
  step.set("mode", renamed[mode] ?? mode);
}

/** Before opset 6 the type is written out. */
function cast(step: UpgradeStep): void {
  if (step.node.attributes.get("to")?.kind !== "string") return;
  const name = step.string("to", "").toLowerCase();
  const dtype = (dtypes as readonly string[]).includes(name) ? (name as DType) : null;
  if (!dtype) return step.unsupported(`it casts to "${name}"`);
  step.set("to", codeOfDType(dtype));
}

/** Before opset 5 the shape is an attribute. */
function reshape(step: UpgradeStep): void {
  const shape = step.intsOperand("shape");
  if (shape) step.setOperands({ 1: shape });
}

function pad(step: UpgradeStep): void {
  const pads = step.ints("paddings");
  if (!pads) return;
  step.editor.setAttribute(step.node, "pads", { kind: "ints", value: pads.map(BigInt) });
  step.drop("paddings");
}

/** Changes of names, defaults and attribute types. */
export const defaultForms: readonly Upgrade[] = [
  { op: "Pad", opset: 2, upgrade: pad },
  { op: "Concat", opset: 4, upgrade: explicit("axis", 1) },
  { op: "Reshape", opset: 5, upgrade: reshape },
  { op: "Cast", opset: 6, upgrade: cast },
  ...["GRU", "LSTM", "RNN"].map((op) => ({
    op,
    opset: 7,
    upgrade: (step: UpgradeStep) => step.drop("output_sequence"),
  })),
  { op: "Scatter", opset: 11, upgrade: (step) => step.rename("ScatterElements") },
  { op: "RoiAlign", opset: 16, upgrade: explicit("coordinate_transformation_mode", "output_half_pixel") },
  { op: "GridSample", opset: 20, upgrade: gridSample },
];
