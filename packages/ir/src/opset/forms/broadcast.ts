import type { Upgrade, UpgradeStep } from "../upgrade.ts";

/**
 * Opset 7 broadcasts as numpy does. Before, `broadcast=1` let B match a run of A's axes: the last ones, or those from
 * `axis` on; B then needs axes of size 1 behind.
 */
function upgrade(step: UpgradeStep): void {
  const [a, b] = [step.operand(0), step.operand(1)];
  const aligned = step.int("broadcast", 0) === 1 && step.has("axis");
  if (aligned && a && b) {
    const [rankA, rankB] = [step.shape(a)?.length, step.shape(b)?.length];
    if (rankB === undefined) step.unsupported("the rank of its second operand is not known");
    if (rankB > 0) {
      if (rankA === undefined) step.unsupported("the rank of its first operand is not known");
      const axis = step.int("axis", 0);
      const behind = rankA - (axis < 0 ? axis + rankA : axis) - rankB;
      if (behind < 0) step.unsupported(`axis ${axis} leaves no room for ${rankB} dimensions among ${rankA}`);
      if (behind > 0) {
        const axes = step.constant(
          "int64",
          Array.from({ length: behind }, (_, i) => rankB + i),
          "axes",
        );
        step.setOperands({ 1: step.editor.node("Unsqueeze", [b, axes]).output });
      }
    }
  }
  step.drop("broadcast", "axis");
}

const ops = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"];

export const broadcastForms: readonly Upgrade[] = [
  ...ops.map((op) => ({ op, opset: 7, upgrade })),
  { op: "Gemm", opset: 7, upgrade: (step) => step.drop("broadcast") },
  { op: "PRelu", opset: 7, upgrade: prelu },
];

/** Before opset 7 a slope of rank 1 runs along axis 1; since then it is broadcast to X from the last axis on. */
function prelu(step: UpgradeStep): void {
  const [x, slope] = [step.operand(0), step.operand(1)];
  const shape = slope && step.shape(slope);
  if (!x || !slope || !shape) return step.unsupported("the shape of its slope is not known");
  if (shape.length !== 1 || shape[0] === 1) return;
  const rank = step.shape(x)?.length;
  if (rank === undefined) step.unsupported("the rank of its operand is not known");
  if (rank <= 2) return;
  const axes = step.constant(
    "int64",
    Array.from({ length: rank - 2 }, (_, i) => i + 1),
    "axes",
  );
  step.setOperands({ 1: step.editor.node("Unsqueeze", [slope, axes]).output });
}
