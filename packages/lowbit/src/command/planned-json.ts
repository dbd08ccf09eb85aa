import type { Backend } from "@lowbit/backend-kit";
import { cloneModel, type Model } from "@lowbit/ir";
import { floatPipeline, improvementsOf, planToJson, type PlanJson } from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import type { Dataset } from "@lowbit/train";
import { sampleShapes } from "../sample-feeds.ts";
import { readPlanFile } from "./plan-file.ts";
import { editedPlan, type PlanOptions } from "./plan-options.ts";

/**
 * The plan to use instead of the one of the backend; undefined when options change nothing.
 *
 * @param data whose samples tell the sizes of axes that the model leaves open
 */
export async function plannedJson(
  model: Model,
  backend: Backend,
  options: PlanOptions,
  data: Dataset | null,
): Promise<PlanJson | undefined> {
  const { weights, granularity, keepFloat = [] } = options;
  const json = options.plan === undefined ? null : readPlanFile(options.plan);
  if (weights === undefined && granularity === undefined) return json ?? undefined;
  const optimized = cloneModel(model);
  runPasses(optimized, floatPipeline(backend));
  const inputShapes = await sampleShapes(optimized.graph, data);
  const annotated = backend.quantizer.annotate(optimized.graph, { keepFloat, inputShapes });
  return planToJson(editedPlan(annotated, json, options), json ? improvementsOf(json) : []);
}
