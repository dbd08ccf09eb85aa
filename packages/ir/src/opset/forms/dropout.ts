import { tensorType } from "../../types.ts";
import type { Upgrade, UpgradeStep } from "../upgrade.ts";

/** Before opset 7 the node drops elements unless `is_test` is set; from 7 to 11 it never does. */
function dropout7(step: UpgradeStep): void {
  const training = step.int("is_test", 0) === 0;
  step.drop("is_test");
  if (!training) return;
  step.setOperands({
    1: step.scalarOperand("ratio", null) ?? step.constant("float", [0.5], "ratio", []),
    2: step.constant("bool", [1], "training_mode", []),
  });
}

/** Before opset 10 the mask has the operand's element type. */
function dropout10(step: UpgradeStep): void {
  const { node, editor } = step;
  const mask = node.outputs[1];
  if (!mask || (mask.uses.size === 0 && !mask.isGraphOutput)) return;
  const x = step.operand(0);
  if (!x || step.target < 15) return step.unsupported("its mask is read, and had another element type");
  const type = mask.type;
  editor.after(node);
  const cast = editor.node("CastLike", [mask, x]);
  const readers = [...mask.uses].filter((use) => use.node !== cast);
  for (const use of readers) editor.replaceUse(use, cast.output);
  if (mask.isGraphOutput) editor.replaceAllUses(mask, cast.output);
  if (cast.inputs[0] !== mask) editor.setInputs(cast, [mask, x]);
  editor.setType(mask, type?.kind === "tensor" ? tensorType("bool", type.shape) : null);
  if (type) editor.setType(cast.output, type);
}

/** Since opset 12 the ratio is an operand. */
function dropout12(step: UpgradeStep): void {
  if (step.operand(1)) return;
  const ratio = step.scalarOperand("ratio", null);
  if (ratio) step.setOperands({ 1: ratio });
}

export const dropoutForms: readonly Upgrade[] = [
  { op: "Dropout", opset: 7, upgrade: dropout7 },
  { op: "Dropout", opset: 10, upgrade: dropout10 },
  { op: "Dropout", opset: 12, upgrade: dropout12 },
];
