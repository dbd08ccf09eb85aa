import type { Shape } from "../../types.ts";
import type { Upgrade, UpgradeStep } from "../upgrade.ts";

/**
 * Before opset 13 the axes from `axis` (default 1) on are one: the operand is seen as `[prod(:axis), prod(axis:)]`. Since
 * then `axis` (default -1) is the only one. Where all axes but one of that run have size 1 they say the same; otherwise
 * the operand is flattened and the result put back into shape.
 */
function upgrade(step: UpgradeStep): void {
  const { node, editor } = step;
  const x = step.operand(0);
  if (!x) return step.unsupported("its operand is missing");
  const axis = step.int("axis", 1);
  if (axis === -1) return;
  const shape = step.shape(x);
  const single = shape && singleAxis(shape, axis);
  if (single !== null) return step.set("axis", single);
  const flat = editor.node("Flatten", [x], { axis }).output;
  const result = editor.node(node.op, [flat], { axis: -1 }, { name: node.name || node.op.toLowerCase() }).output;
  const dims = shape?.every((dim): dim is number => typeof dim === "number" && dim > 0) ? shape : null;
  const target = dims ? step.constant("int64", dims, "shape") : editor.node("Shape", [x]).output;
  const allowzero = dims || step.target < 14 ? {} : { allowzero: 1 };
  step.replaceBy(editor.node("Reshape", [result, target], allowzero).output);
}

/** The only axis from `axis` on that is not of size 1 (the last one if all are); null when there are several. */
function singleAxis(shape: Shape, axis: number): number | null {
  const first = axis < 0 ? axis + shape.length : axis;
  const wide = shape.flatMap((dim, index) => (index >= first && dim !== 1 ? [index] : []));
  if (wide.length > 1 || first < 0 || first >= shape.length) return null;
  return wide[0] ?? shape.length - 1;
}

export const softmaxForms: readonly Upgrade[] = ["Softmax", "LogSoftmax", "Hardmax"].map((op) => ({
  op,
  opset: 13,
  upgrade,
}));
