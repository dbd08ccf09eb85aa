import { cloneModel, type Diagnostic, type Model, type Shape } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import type { CalibrateOptions } from "./calibrate/calibration-options.ts";
import { calibrate, type Calibration } from "./calibrate/calibrate.ts";
import { feedShapes, startStream, type FeedSource } from "./calibrate/feed-stream.ts";
import { deployModel } from "./deploy-model.ts";
import { improveCalibrated, improveFloat, improvePlanned } from "./improve/improve-model.ts";
import { togetherInOrder, type Improvement } from "./improve/improvement.ts";
import { lintPlan } from "./lint/lint-plan.ts";
import { keepFloat, nodesMatching } from "./plan/edit-plan.ts";
import { dynamicPlan, weightOnlyPlan, type WeightCodes } from "./plan/mode-plans.ts";
import type { QuantPlan, Skipped } from "./plan/plan.ts";
import { checkPlanMode, type QuantizationMode } from "./plan/plan-mode.ts";
import { improvementsOf, planFromJson, type PlanJson } from "./plan/plan-json.ts";
import { prepare } from "./prepare/prepare.ts";
import { floatPipeline, type QuantizationBackend } from "./quantizer.ts";

/** What post-training quantization needs. */
export interface QuantizeOptions extends CalibrateOptions {
  readonly backend: QuantizationBackend;
  /**
   * `static` (default): what the backend plans, with scales of activations from calibration. `dynamic`: products of
   * matrices, with scales found anew for each input. `weight-only`: weights are stored as codes, activations stay float.
   * Left out with `plan`, the plan's.
   */
  readonly mode?: QuantizationMode;
  /** Representative inputs of the model; needed for `static`, and for improvements that look at data. */
  readonly data?: FeedSource;
  /** Codes of weights in the modes that make their own plan: `dynamic` takes granularities, `weight-only` all of it. */
  readonly weights?: WeightCodes;
  /** Patterns of nodes that stay float, by name; `*` stands for any text. */
  readonly keepFloat?: readonly string[];
  /** Used instead of what the backend would quantize; its names are those of the optimized float model. */
  readonly plan?: PlanJson;
  /** What is done to the float model first, for the sake of the quantized one, beside what the plan says. Default: nothing. */
  readonly improve?: readonly Improvement[];
}

/** A quantized model and how it came about. */
export interface QuantizedModel {
  readonly model: Model;
  readonly plan: QuantPlan;
  /** Nodes of the optimized float model that stay float, with the reasons. */
  readonly skipped: readonly Skipped[];
  /** What was done to the float model first, by wish and by the plan. */
  readonly improve: readonly Improvement[];
  readonly calibration: Calibration;
  /** The float model after optimization: what the plan is about. */
  readonly optimized: Model;
  /** The optimized model with FakeQuantize: computes in float what the quantized model computes in integers. */
  readonly prepared: Model;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Post-training quantization: optimizes a copy of a float model, improves it as asked, plans with the backend, calibrates,
 * converts to integers and lowers for the backend.
 *
 * @throws CompileError what its steps throw
 */
export async function quantizeModel(model: Model, given: QuantizeOptions): Promise<QuantizedModel> {
  const { first, data } = await startStream(given.data ?? [], 1);
  const improve = togetherInOrder(given.improve ?? [], given.plan ? improvementsOf(given.plan) : []);
  const options = { ...given, data, improve };
  const optimized = cloneModel(model);
  const report = runPasses(optimized, floatPipeline(options.backend));
  const improved = await improveFloat(optimized, options);
  const planned = planFor(optimized, options, first[0] ? feedShapes(first[0]) : {});
  const kept = { ...options, data: improved.kept };
  const scaled = await improvePlanned(optimized, planned, kept);
  const calibration = await calibrate(optimized, scaled.plan, improved.data, options);
  const calibrated = await improveCalibrated(optimized, scaled.plan, calibration, kept);
  const { plan } = calibrated;
  const graph = prepare(optimized.graph, plan, { mode: "static", ranges: calibration.ranges });
  const prepared: Model = { ...optimized, graph };
  const deployed = deployModel(prepared, options.backend);
  const diagnostics = [
    ...report.diagnostics,
    ...improved.diagnostics,
    ...scaled.diagnostics,
    ...lintPlan(plan),
    ...calibration.diagnostics,
    ...calibrated.diagnostics,
    ...deployed.diagnostics,
  ];
  return { model: deployed.model, plan, skipped: plan.skipped, improve, calibration, optimized, prepared, diagnostics };
}

function planFor({ graph }: Model, options: QuantizeOptions, inputShapes: Readonly<Record<string, Shape>>): QuantPlan {
  const { backend, plan: json, keepFloat: globs = [], mode, weights } = options;
  if (!json && mode === "weight-only") return weightOnlyPlan(graph, { ...weights, keepFloat: globs });
  if (!json && mode === "dynamic") return dynamicPlan(graph, { ...weights, keepFloat: globs });
  if (!json) return backend.quantizer.annotate(graph, { keepFloat: globs, inputShapes });
  const plan = planFromJson(graph, json);
  if (mode !== undefined) checkPlanMode(plan, mode);
  return globs.length === 0 ? plan : keepFloat(plan, nodesMatching(graph, globs));
}
