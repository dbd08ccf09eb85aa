import { missingMembers, planProblems, type Backend, type BackendModule } from "@lowbit/backend-kit";
import type { QuantPlan } from "@lowbit/quantize";
import { badBackendModule, illegalPlan } from "./diagnostics.ts";

/** A value from a stranger's module as a backend. @throws CompileError `backend/module` naming what it lacks; its quantizer `backend/illegal-plan` */
export function checkBackend(value: unknown, source: string): Backend {
  if (!isRecord(value)) throw badBackendModule(source, "it exports no backend");
  if (typeof value["create"] === "function" && value["features"] === undefined) {
    throw badBackendModule(source, "it has create and lacks features, a list ([] for a device without variants)");
  }
  const lacking = missingMembers(value);
  if (lacking.length > 0) throw badBackendModule(source, `its backend lacks ${lacking.join(", ")}`);
  return withCheckedPlans(value as unknown as Backend, source);
}

/** The backend, whose plans are checked against its own table before anybody uses them. */
function withCheckedPlans(backend: Backend, source: string): Backend {
  const { quantizer, capabilities } = backend;
  const annotate: Backend["quantizer"]["annotate"] = (graph, options) => {
    const plan: unknown = quantizer.annotate(graph, options);
    if (!isPlan(plan)) throw illegalPlan(source, ["its quantizer returns no plan"]);
    if (plan.graph !== graph) throw illegalPlan(source, ["its quantizer returns a plan for another graph"]);
    const problems = planProblems(plan, capabilities);
    if (problems.length > 0) throw illegalPlan(source, [`its plan is illegal: ${problems[0]}`, ...problems.slice(1)]);
    return plan;
  };
  const { name, lower, arithmetic, legalize, latency, runtimeConfig, weightBlocks, onOnnxRuntime } = backend;
  // Members may be getters of a class, which a copy of its own properties would lose.
  return {
    ...backend,
    name,
    quantizer: { name: quantizer.name, annotate },
    capabilities,
    lower,
    arithmetic,
    ...(legalize && { legalize }),
    ...(latency && { latency: (plan, shapes) => backend.latency!(plan, shapes) }),
    ...(runtimeConfig && { runtimeConfig }),
    ...(weightBlocks && { weightBlocks }),
    ...(onOnnxRuntime !== undefined && { onOnnxRuntime }),
  };
}

function isPlan(value: unknown): value is QuantPlan {
  return isRecord(value) && value["specs"] instanceof Map && Array.isArray(value["skipped"]);
}

/** Whether a value is a backend module, which makes backends on request. */
export function isBackendModule(value: unknown): value is BackendModule {
  return isRecord(value) && typeof value["create"] === "function" && Array.isArray(value["features"]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
