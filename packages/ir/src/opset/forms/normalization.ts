import { mutable } from "../../edit/mutable.ts";
import type { Upgrade, UpgradeStep } from "../upgrade.ts";

/** Before opset 9 `spatial=0` normalizes every position on its own: written out, since no op does that any more. */
function batchNormalization9(step: UpgradeStep): void {
  const spatial = step.int("spatial", 1);
  const x = step.operand(0);
  if (spatial === 0 && !(x && step.shape(x)?.length === 2)) return perPosition(step);
  step.drop("spatial");
}

/** `Y = (X - mean) * (scale / sqrt(var + epsilon)) + B`, parameters of shape `X.shape[1:]` */
function perPosition(step: UpgradeStep): void {
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((index) => step.operand(index));
  if (!x || !scale || !bias || !mean || !variance) return step.unsupported("an operand is missing");
  if (step.node.outputs.length > 1) return step.unsupported("spatial=0 in training has no equivalent");
  const { editor } = step;
  const epsilon = step.scalar(step.float("epsilon", 1e-5), "epsilon", variance);
  const deviation = editor.node("Sqrt", [editor.node("Add", [variance, epsilon]).output]).output;
  const factor = editor.node("Div", [scale, deviation]).output;
  const centered = editor.node("Sub", [x, mean]).output;
  const scaled = editor.node("Mul", [centered, factor]).output;
  step.replaceBy(editor.node("Add", [scaled, bias], {}, { name: step.node.name || "batchnorm" }).output);
}

/**
 * Before opset 14 training is told by further outputs (mean, var, saved_mean, saved_var) instead of by `training_mode`;
 * the running statistics are the same.
 */
function batchNormalization14(step: UpgradeStep): void {
  const { node } = step;
  if (node.outputs.slice(1).every((value) => value === null)) return;
  for (const value of node.outputs.slice(3)) {
    if (!value) continue;
    if (value.uses.size > 0 || value.isGraphOutput) step.unsupported(`its saved statistics "${value.name}" are read`);
    mutable(node.graph).values.delete(value.name);
  }
  mutable(node).outputs = node.outputs.slice(0, 3);
  step.set("training_mode", 1);
}

/**
 * Opset 21 has a scale and a bias per channel, opset 18 had one per group: each is repeated for the channels of its
 * group.
 */
function groupNormalization(step: UpgradeStep): void {
  const { node, editor } = step;
  const [x, scale, bias] = [0, 1, 2].map((index) => step.operand(index));
  if (!x || !scale || !bias) return step.unsupported("an operand is missing");
  const groups = step.int("num_groups", 0);
  if (groups <= 0) return step.unsupported(`num_groups is ${groups}`);
  const column = step.constant("int64", [groups, 1], "column");
  const flat = step.constant("int64", [-1], "flat");
  const channels = step.shape(x)?.[1];
  let table;
  if (typeof channels === "number") {
    if (channels % groups !== 0) return step.unsupported(`${channels} channels are not ${groups} equal groups`);
    table = step.constant("int64", [groups, channels / groups], "table");
  } else {
    const count = editor.node("Shape", [x], { start: 1, end: 2 }).output;
    const each = editor.node("Div", [count, step.constant("int64", [groups], "groups")]).output;
    table = editor.node("Concat", [step.constant("int64", [1], "one"), each], { axis: 0 }).output;
  }
  const perChannel = (value: typeof x) => {
    const rows = editor.node("Expand", [editor.node("Reshape", [value, column]).output, table]).output;
    return editor.node("Reshape", [rows, flat]).output;
  };
  editor.setInputs(node, [x, perChannel(scale), perChannel(bias)]);
}

/** Before opset 9 the op was an experiment whose `across_channels` has no exact equivalent. */
function meanVarianceNormalization(step: UpgradeStep): void {
  if (step.has("across_channels") || step.has("normalize_variance")) step.unsupported("its form was experimental");
}

export const normalizationForms: readonly Upgrade[] = [
  { op: "BatchNormalization", opset: 7, upgrade: (step) => step.drop("is_test") },
  { op: "BatchNormalization", opset: 9, upgrade: batchNormalization9 },
  { op: "BatchNormalization", opset: 14, upgrade: batchNormalization14 },
  { op: "GroupNormalization", opset: 21, upgrade: groupNormalization },
  { op: "MeanVarianceNormalization", opset: 9, upgrade: meanVarianceNormalization },
];
