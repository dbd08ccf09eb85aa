import type { Backend } from "@lowbit/backend-kit";
import type { LayerChoices, SearchedLayer, TargetSearch } from "@lowbit/quantize";
import type { CandidatePlans } from "./candidate-plans.ts";

/** What the costs of a search are, in words. */
export function costText(objective: "latency" | "integers"): TargetSearch["cost"] {
  return objective === "latency"
    ? { unit: "µs", about: "one run with one thread, by the measured costs of kernels and conversions" }
    : {
        unit: "float products",
        about: "multiply-accumulates that stay float, for one sample; with 16-bit activations they count half",
      };
}

/** The ways to compute a layer, and why each was or was not taken. */
export function choicesOf(
  backend: Backend,
  plans: CandidatePlans,
  choices: LayerChoices,
  layers: readonly SearchedLayer[],
  objective: "latency" | "integers",
): TargetSearch["choices"] {
  const left = layers.filter(({ name }) => choices.float.has(name)).length;
  const codes = layers.filter(({ name }) => choices.weightOnly.has(name)).length;
  const wide = layers.filter(({ name }) => choices.wide.has(name)).length;
  return [
    { choice: "int8", layers: layers.length - left - wide - codes, reason: "the least noise for what they save" },
    { choice: "int8 weights, int16 activations", layers: wide, reason: wideReason(backend, wide, plans) },
    { choice: "weight-only", layers: codes, reason: weightOnlyReason(backend, plans, choices, layers, objective) },
    {
      choice: "float",
      layers: left,
      reason: left === 0 ? "none needs it" : "the most noise for what they would save",
    },
  ];
}

function wideReason({ name }: Backend, taken: number, plans: CandidatePlans): string {
  if (plans.wide().size === 0) return `${name} has no kernels for 16-bit activations`;
  return taken > 0 ? "too much noise in 8 bits" : "none needs it, or it is not enough";
}

function weightOnlyReason(
  backend: Backend,
  plans: CandidatePlans,
  choices: LayerChoices,
  layers: readonly SearchedLayer[],
  objective: "latency" | "integers",
): string {
  const { weightBlocks, name } = backend;
  if (choices.weightOnly.size > 0) return "too much noise with integer activations, or dearer so";
  if (!weightBlocks) return `${name} has no kernels that read weights as codes beside float activations`;
  if (objective === "integers" || !backend.latency) return "its products are float all the same, and less exact";
  const able = plans.weightOnly();
  const others = layers.filter((layer) => !able.has(layer.name));
  if (others.length === layers.length) return weightBlocks.others;
  const some = others.length > 0 ? `; for the other layers, ${weightBlocks.others}` : "";
  return `nowhere cheaper within the target${some}`;
}
