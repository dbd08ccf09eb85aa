import type { Value } from "../../graph/value.ts";
import type { Upgrade, UpgradeStep } from "../upgrade.ts";

/** Before opset 7: one factor for the height and one for the width. */
function upsample7(step: UpgradeStep): void {
  if (!step.has("height_scale") && !step.has("width_scale")) return;
  const scales = [1, 1, step.float("height_scale", 1), step.float("width_scale", 1)];
  step.drop("height_scale", "width_scale");
  step.editor.setAttribute(step.node, "scales", { kind: "floats", value: scales });
}

/** Since opset 9 the scales are an operand. */
function upsample9(step: UpgradeStep): void {
  const scales = step.floats("scales");
  if (!scales) return step.unsupported("it has no scales");
  step.drop("scales");
  step.setOperands({ 1: step.constant("float", scales, "scales") });
}

/** Upsample is Resize with scales of at least 1: a result's nearest neighbour is the one before it. */
function upsample10(step: UpgradeStep): void {
  step.rename("Resize");
  const mode = linearOr(step.string("mode", "nearest"));
  step.set("mode", mode);
  if (mode === "nearest") step.set("nearest_mode", "floor");
}

/**
 * Opset 10 takes result `i` from position `i / scale`. Which neighbour is nearest it leaves open; runtimes take the one
 * before when enlarging and the one after when reducing.
 */
function resize11(step: UpgradeStep): void {
  const mode = linearOr(step.string("mode", "nearest"));
  const scales = step.operand(1);
  if (!scales) return step.unsupported("it has no scales");
  if (mode === "nearest" && !step.has("nearest_mode")) step.set("nearest_mode", nearestMode(step, scales));
  step.set("mode", mode);
  step.set("coordinate_transformation_mode", "asymmetric");
  step.setOperands({ 1: step.target < 13 ? step.constant("float", [], "roi") : null, 2: scales });
}

function nearestMode(step: UpgradeStep, scales: Value): "floor" | "ceil" {
  const factors = scales.constant?.numbers() ?? constantOf(scales);
  if (!factors) return step.unsupported("its scales are computed, and say which neighbour is nearest");
  if (factors.every((factor) => factor >= 1)) return "floor";
  if (factors.every((factor) => factor <= 1)) return "ceil";
  return step.unsupported("it enlarges one axis and reduces another by nearest neighbours");
}

function constantOf(value: Value): Float64Array | null {
  return value.producer?.is("Constant") ? (value.producer.tensor("value")?.numbers() ?? null) : null;
}

/**
 * Opset 13 made unused operands optional and dropped the mode `tf_half_pixel_for_nn`: position `(i + 0.5) / scale`,
 * rounded down, is `(i + 0.5) / scale - 0.5` rounded half up.
 */
function resize13(step: UpgradeStep): void {
  const coordinates = step.string("coordinate_transformation_mode", "half_pixel");
  if (coordinates === "tf_half_pixel_for_nn") {
    const nearest = step.string("nearest_mode", "round_prefer_floor");
    if (step.string("mode", "nearest") !== "nearest" || nearest !== "floor") {
      step.unsupported(`coordinate mode tf_half_pixel_for_nn with nearest mode ${nearest}`);
    }
    step.set("coordinate_transformation_mode", "half_pixel");
    step.set("nearest_mode", "round_prefer_ceil");
  }
  if (coordinates !== "tf_crop_and_resize") step.setOperands({ 1: null, 2: step.operand(2), 3: step.operand(3) });
  if (step.operand(3)) step.setOperands({ 2: null });
}

function linearOr(mode: string): string {
  return mode === "bilinear" ? "linear" : mode;
}

export const resizeForms: readonly Upgrade[] = [
  { op: "Upsample", opset: 7, upgrade: upsample7 },
  { op: "Upsample", opset: 9, upgrade: upsample9 },
  { op: "Upsample", opset: 10, upgrade: upsample10 },
  { op: "Resize", opset: 11, upgrade: resize11 },
  { op: "Resize", opset: 13, upgrade: resize13 },
];
