import type { Backend } from "@lowbit/backend-kit";
import { cloneModel, type Model } from "@lowbit/ir";
import { planToJson, type PlanJson } from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { readPlanFile } from "./plan-file.ts";
import { editedPlan, type PlanOptions } from "./plan-options.ts";

/** The plan to use instead of the one of the backend; undefined when options change nothing. */
export function plannedJson(model: Model, backend: Backend, options: PlanOptions): PlanJson | undefined {
  const { weights, granularity, keepFloat = [] } = options;
  const json = options.plan === undefined ? null : readPlanFile(options.plan);
  if (weights === undefined && granularity === undefined) return json ?? undefined;
  const optimized = cloneModel(model);
  runPasses(optimized, defaultPipeline);
  const annotated = backend.quantizer.annotate(optimized.graph, { keepFloat });
  return planToJson(editedPlan(annotated, json, options));
}
