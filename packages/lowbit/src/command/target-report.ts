import type { TargetSearch, TriedPlan } from "@lowbit/quantize";
import type { ReportSearch } from "@lowbit/report";
import { outcomeText, targetText } from "../target/target-text.ts";
import { countText, plural } from "./format/quantities.ts";
import { table } from "./format/table.ts";

/** A search in words: the plans that were tried, what was chosen, and why it ended. */
export function searchReport(search: TargetSearch): ReportSearch {
  const { target, tried, chosen, layers, costs, cost, samples } = search;
  const float = layers.filter(({ choice }) => choice === "float");
  const wide = layers.filter(({ choice }) => choice === "int16");
  const weightOnly = layers.filter(({ choice }) => choice === "weight-only");
  const isWide = tried.some((plan) => plan.wide.length > 0);
  const isWeightOnly = tried.some((plan) => plan.weightOnly.length > 0);
  return {
    target: `${targetText(target)}; plans tried on ${plural(samples.search, "sample")}`,
    plans: tried.map((plan, index) => ({
      what: plan.what,
      layers: layers.length - plan.float.length - plan.wide.length - plan.weightOnly.length,
      wide: isWide ? plan.wide.length : null,
      weightOnly: isWeightOnly ? plan.weightOnly.length : null,
      reaches: outcomeText(target, plan.outcome),
      cost: costOf(plan.cost, cost.unit),
      verdict: verdict(plan, index === chosen),
    })),
    cost: cost.unit === "µs" ? "takes" : "float products",
    notes: [
      `ended: ${search.stopped}`,
      `reached: ${outcomeText(target, search.reached)} (${plural(samples.all, "sample")})`,
      `${cost.unit === "µs" ? "a run takes" : "float products:"} ${costOf(costs.chosen, cost.unit)}, all float ${costOf(costs.float, cost.unit)}, as planned ${costOf(costs.planned, cost.unit)}`,
      ...(search.ranges.length === 0 ? [] : [`ranges cut: ${search.ranges.map(cutText).join(", ")}`]),
      ...(search.corrections.length === 0
        ? []
        : [`corrected by ${search.corrections.join(" and ")}, which the plan asks for`]),
      ...(wide.length === 0 ? [] : [`with 16-bit activations: ${wide.map(({ name }) => name).join(", ")}`]),
      ...(weightOnly.length === 0
        ? []
        : [`weights as codes beside float activations: ${weightOnly.map(({ name }) => name).join(", ")}`]),
      float.length === 0 ? "no layer had to be left float" : `left float: ${float.map(({ name }) => name).join(", ")}`,
    ],
  };
}

/** The same for the terminal. */
export function searchText(search: TargetSearch): string {
  const { target, plans, cost, notes } = searchReport(search);
  const isWide = plans.some(({ wide }) => wide !== null);
  const isWeightOnly = plans.some(({ weightOnly }) => weightOnly !== null);
  return [
    `target: ${target}`,
    "",
    table(
      [
        { title: "on integers" },
        { title: isWide ? "8 bits" : "layers", align: "right" },
        ...(isWide ? [{ title: "16 bits", align: "right" } as const] : []),
        ...(isWeightOnly ? [{ title: "weights only", align: "right" } as const] : []),
        { title: "reaches" },
        { title: cost, align: "right" },
        { title: "" },
      ],
      plans.map(({ what, layers, wide, weightOnly, reaches, cost: costs, verdict: said }) => [
        what,
        String(layers),
        ...(isWide ? [String(wide ?? 0)] : []),
        ...(isWeightOnly ? [String(weightOnly ?? 0)] : []),
        reaches,
        costs,
        said,
      ]),
    ),
    "",
    ...notes,
  ].join("\n");
}

function cutText({ values, share }: TargetSearch["ranges"][number]): string {
  return `${values.join(" and ")} to ${(100 * share).toPrecision(2)} %`;
}

function verdict({ meets }: TriedPlan, isChosen: boolean): ReportSearch["plans"][number]["verdict"] {
  if (isChosen) return "chosen";
  return meets ? "within" : "";
}

function costOf(cost: number, unit: TargetSearch["cost"]["unit"]): string {
  return unit === "µs" ? `${Number(cost.toPrecision(3))} µs` : countText(cost);
}
