import { readFileSync } from "node:fs";
import { writeWholeFile } from "@lowbit/ir";
import { planToJson, type PlanJson, type QuantPlan } from "@lowbit/quantize";
import { badPlanFile } from "../diagnostics.ts";

/** Reads a plan's JSON; what it says is checked when it meets its model. @throws CompileError `plan/bad-file` */
export function readPlanFile(path: string): PlanJson {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw badPlanFile(path, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  try {
    return JSON.parse(text) as PlanJson;
  } catch (error) {
    throw badPlanFile(path, `it is no JSON (${(error as Error).message})`);
  }
}

/** Writes a plan as JSON that can be edited and read again. @throws CompileError `file/write` */
export function writePlanFile(path: string, plan: QuantPlan): void {
  writeWholeFile(path, Buffer.from(`${JSON.stringify(planToJson(plan), null, 2)}\n`));
}
