import { InvalidArgumentError, Option, type Command } from "commander";
import { keepFloat, nodesMatching, planFromJson, type PlanJson, type QuantPlan } from "@lowbit/quantize";
import { withWeightScheme, type WeightScheme } from "../weight-scheme.ts";

/** What of a model is quantized, and how its weights are. */
export interface PlanOptions {
  readonly weights?: "int8" | "int4";
  readonly granularity?: NonNullable<WeightScheme["granularity"]>;
  readonly keepFloat?: readonly string[];
  readonly plan?: string;
  readonly savePlan?: string;
}

/** Adds the options of the plan. */
export function addPlan(command: Command): Command {
  return command
    .addOption(
      new Option("--weights <dtype>", "codes of weights (default: as the backend has them)").choices(["int8", "int4"]),
    )
    .option(
      "--granularity <G>",
      "scales of weights: tensor, channel or block:N (default: as the backend has them)",
      granularity,
    )
    .option("--keep-float <GLOB...>", "nodes that stay float; * stands for any text")
    .option("--plan <FILE>", "quantize as this JSON says, not as the backend plans")
    .option("--save-plan <FILE>", "write the plan as JSON");
}

/** The codes of weights that options ask for. */
export function weightScheme({ weights, granularity: scales }: PlanOptions): WeightScheme {
  return {
    ...(weights === undefined ? {} : { dtype: weights }),
    ...(scales === undefined ? {} : { granularity: scales }),
  };
}

/** The plan that options make of a backend's: the given one instead of it, other weights, fewer nodes. */
export function editedPlan(plan: QuantPlan, json: PlanJson | null, options: PlanOptions): QuantPlan {
  const { keepFloat: globs = [] } = options;
  const read = json === null ? plan : planFromJson(plan.graph, json);
  const kept = json === null || globs.length === 0 ? read : keepFloat(read, nodesMatching(plan.graph, globs));
  return withWeightScheme(kept, weightScheme(options));
}

function granularity(text: string): NonNullable<WeightScheme["granularity"]> {
  if (text === "tensor" || text === "channel") return text;
  const size = /^block:([1-9]\d*)$/.exec(text)?.[1];
  if (size === undefined) throw new InvalidArgumentError("It must be tensor, channel or block:N.");
  return { block: Number(size) };
}
