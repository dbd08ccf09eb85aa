import { adviceOn, type Advice } from "../analyze/advice.ts";
import type { CodeStatistics } from "../analyze/code-statistics.ts";
import type { ComparedLayer } from "./comparison.ts";

/** Cosine of weights below which no quantization explains the difference. */
const sameWeights = 0.5;

/** What to do about a layer of a comparison, by the codes of its weights and of its result. */
export function comparisonAdvice(layer: ComparedLayer): Advice {
  const { added, weight, codes, op } = layer;
  if (added === null) return { action: "nothing", reason: "it adds no error" };
  if (layer.upToFactors !== null) {
    const reason = `its channels have other scales; but for these it keeps ${layer.upToFactors.toFixed(1)} dB`;
    return { action: "nothing", reason };
  }
  if (weight && weight.error.cosine < sameWeights) {
    return { action: "nothing", reason: `its weights are other ones (cosine ${weight.error.cosine.toFixed(2)})` };
  }
  if (layer.otherIsFloat) return { action: "nothing", reason: floatReason(layer) };
  // The scale of a softmax is that of its kernel, whatever was seen.
  const results = codes && op !== "Softmax" ? [named(layer, codes)] : [];
  const advice = adviceOn(added, weight?.codes ?? null, results);
  const isAboutNoise = advice.action === "nothing" || advice.action === "keep-float";
  if (!isAboutNoise) return advice;
  // Only nodes can be kept in float, and an input is none.
  const action = op === "input" ? "nothing" : advice.action;
  return { action, reason: `the noise it adds is ${added.toFixed(1)} dB below its result` };
}

/** Weights with less of their own than this, in dB, differ by more than rounding of floats. */
const roundedWeights = 80;

/** Why nothing of the other model's quantization is to change where it computes in float. */
function floatReason({ isFloat, weight }: ComparedLayer): string {
  const where = isFloat ? "both models compute it in float" : "the other model computes it in float";
  const sqnr = weight?.error.sqnr ?? null;
  return sqnr === null || sqnr >= roundedWeights ? where : `${where}, with weights that differ (${sqnr.toFixed(1)} dB)`;
}

/** The layers of a comparison by the error that each adds, the largest first. */
export function worstCompared(layers: readonly ComparedLayer[]): readonly ComparedLayer[] {
  const key = ({ added }: ComparedLayer): number => added ?? Infinity;
  return layers.toSorted((a, b) => (key(a) === key(b) ? 0 : key(a) - key(b)));
}

function named({ output }: ComparedLayer, codes: CodeStatistics): CodeStatistics & { readonly name: string } {
  return { ...codes, name: output };
}
