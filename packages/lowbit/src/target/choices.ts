import type { Backend } from "@lowbit/backend-kit";
import type { SearchedLayer, TargetSearch } from "@lowbit/quantize";
import type { CandidatePlans } from "./candidate-plans.ts";

/** What the costs of a search are, in words. */
export function costText(objective: "latency" | "integers"): TargetSearch["cost"] {
  return objective === "latency"
    ? { unit: "µs", about: "one run with one thread, by the measured costs of kernels and conversions" }
    : { unit: "float products", about: "multiply-accumulates that stay float, for one sample" };
}

/** The ways to compute a layer, and why each was or was not taken. */
export function choicesOf(
  backend: Backend,
  plans: CandidatePlans,
  float: ReadonlySet<string>,
  layers: readonly SearchedLayer[],
  objective: "latency" | "integers",
): TargetSearch["choices"] {
  const left = layers.filter(({ name }) => float.has(name)).length;
  return [
    { choice: "int8", layers: layers.length - left, reason: "the least noise for what they save" },
    { choice: "int8 weights, int16 activations", layers: 0, reason: wideReason(backend) },
    { choice: "weight-only", layers: 0, reason: weightOnlyReason(backend, plans, float, objective) },
    {
      choice: "float",
      layers: left,
      reason: left === 0 ? "none needs it" : "the most noise for what they would save",
    },
  ];
}

function wideReason({ name, capabilities }: Backend): string {
  const hasWide = capabilities.ops.some(({ activations }) => activations.some((dtype) => dtype.endsWith("int16")));
  return hasWide
    ? `the search does not try the 16-bit kernels of ${name}`
    : `${name} has no kernels for 16-bit activations`;
}

function weightOnlyReason(
  backend: Backend,
  plans: CandidatePlans,
  float: ReadonlySet<string>,
  objective: "latency" | "integers",
): string {
  if (float.size === 0) return "no layer is left float";
  if (objective === "integers" || !backend.latency) return "its products are float all the same, and less exact";
  const more = backend.latency(plans.weightOnly(float)) - backend.latency(plans.plan(float));
  return `dequantizing the weights of the float layers would take ${more.toPrecision(3)} µs more in each run, and gain nothing`;
}
