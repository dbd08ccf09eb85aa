import type { TargetSearch, TriedPlan } from "@lowbit/quantize";
import { outcomeText, targetText } from "../target/target-text.ts";
import { countText, plural } from "./format/quantities.ts";
import { table } from "./format/table.ts";

/** A search in brief: the plans that were tried, what was chosen, and why it ended. */
export function searchText(search: TargetSearch): string {
  const { target, tried, chosen, layers, costs, cost, samples } = search;
  const float = layers.filter(({ choice }) => choice === "float");
  const wide = layers.filter(({ choice }) => choice === "int16");
  const isWide = tried.some((plan) => plan.wide.length > 0);
  const rows = tried.map((plan, index) => [
    plan.what,
    String(layers.length - plan.float.length - plan.wide.length),
    ...(isWide ? [String(plan.wide.length)] : []),
    outcomeText(target, plan.outcome),
    costOf(plan.cost, cost.unit),
    verdict(plan, index === chosen),
  ]);
  return [
    `target: ${targetText(target)}; plans tried on ${plural(samples.search, "sample")}`,
    "",
    table(
      [
        { title: "on integers" },
        { title: isWide ? "8 bits" : "layers", align: "right" },
        ...(isWide ? [{ title: "16 bits", align: "right" } as const] : []),
        { title: "reaches" },
        { title: cost.unit === "µs" ? "takes" : "float products", align: "right" },
        { title: "" },
      ],
      rows,
    ),
    "",
    `ended: ${search.stopped}`,
    `reached: ${outcomeText(target, search.reached)} (${plural(samples.all, "sample")}); ${costOf(costs.chosen, cost.unit)}, all float ${costOf(costs.float, cost.unit)}, as planned ${costOf(costs.planned, cost.unit)}`,
    ...(wide.length === 0 ? [] : [`with 16-bit activations: ${wide.map(({ name }) => name).join(", ")}`]),
    float.length === 0 ? "no layer had to be left float" : `left float: ${float.map(({ name }) => name).join(", ")}`,
  ].join("\n");
}

function verdict({ meets }: TriedPlan, isChosen: boolean): string {
  if (isChosen) return "chosen";
  return meets ? "within" : "";
}

function costOf(cost: number, unit: TargetSearch["cost"]["unit"]): string {
  return unit === "µs" ? `${Number(cost.toPrecision(3))} µs` : countText(cost);
}
