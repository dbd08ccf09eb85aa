import { writeWholeFile } from "@lowbit/ir";
import { planToJson, type Improvement, type PlanJson, type QuantPlan } from "@lowbit/quantize";
import { badPlanFile } from "../diagnostics.ts";
import { readJsonFile } from "./json-file.ts";

/** Reads a plan's JSON; what it says is checked when it meets its model. @throws CompileError `plan/bad-file` */
export function readPlanFile(path: string): PlanJson {
  return readJsonFile(path, badPlanFile) as PlanJson;
}

/**
 * Writes a plan as JSON that can be edited and read again.
 *
 * @param improve what was done to the float model for it
 * @throws CompileError `file/write`
 */
export function writePlanFile(path: string, plan: QuantPlan, improve: readonly Improvement[] = []): void {
  writeWholeFile(path, Buffer.from(`${JSON.stringify(planToJson(plan, improve), null, 2)}\n`));
}
