import type { Diagnostic, Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import type { Feeds } from "@lowbit/runtime";
import type { Calibration } from "../calibrate/calibrate.ts";
import { startStream, type FeedSource } from "../calibrate/feed-stream.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { clipWeights } from "./clip-weights.ts";
import { correctBias } from "./correct-bias.ts";
import { roundedTwice } from "./diagnostics.ts";
import { equalizeRanges } from "./equalize-ranges.ts";
import { explicitBiases } from "./explicit-biases.ts";
import { improvementsOverData, roundingImprovements, type Improvement } from "./improvement.ts";
import { refit } from "./refit-weights.ts";
import { adaround, gptq } from "./round-weights.ts";
import { scaleForWeights } from "./scale-for-weights.ts";
import { smoothActivations } from "./smooth-activations.ts";

/** Which improvements, and what they work from. */
export interface ImproveOptions {
  readonly improve?: readonly Improvement[];
  readonly data: FeedSource;
  readonly threads?: number;
}

/** A float model ready to be planned. */
export interface ImprovedFloat {
  /** What to calibrate with: what was given, of which some is read already. */
  readonly data: FeedSource;
  /** The first of the data, for the improvements that run over it. */
  readonly kept: readonly Feeds[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Most samples that improvements look at, which are held in memory; means and reaches change little with more. */
const maxSamples = 256;

/** The improvements that come before the plan, in place. @throws CompileError `quantize/rounded-twice` */
export async function improveFloat(model: Model, options: ImproveOptions): Promise<ImprovedFloat> {
  const { improve = [] } = options;
  const rounding = roundingImprovements.filter((name) => improve.includes(name));
  if (rounding.length > 1) throw roundedTwice(rounding);
  const { diagnostics } = runPasses(model, [
    ...(improve.includes("equalize") ? [equalizeRanges] : []),
    ...(improve.includes("bias-correction") || improve.includes("refit") ? [explicitBiases] : []),
  ]);
  if (!improvementsOverData.some((each) => improve.includes(each)))
    return { data: options.data, kept: [], diagnostics };
  const { first: kept, data } = await startStream(options.data, maxSamples);
  const smoothed = improve.includes("smooth") ? await smoothActivations(model, { ...options, data: kept }) : null;
  return { data, kept, diagnostics: [...diagnostics, ...(smoothed?.diagnostics ?? [])] };
}

/** A plan, changed or not, and what was found on the way. */
export interface ImprovedPlan {
  readonly plan: QuantPlan;
  readonly diagnostics: readonly Diagnostic[];
}

/** The improvements that need the plan and come before ranges are found, in place. */
export async function improvePlanned(
  model: Model,
  plan: QuantPlan,
  options: ImproveOptions & { readonly data: readonly Feeds[] },
): Promise<ImprovedPlan> {
  if (!options.improve?.includes("awq")) return { plan, diagnostics: [] };
  const scaled = await scaleForWeights(model, plan, options);
  const clipped = await clipWeights(model, plan, options);
  return { plan: clipped.plan, diagnostics: [...scaled.diagnostics, ...clipped.diagnostics] };
}

/** The improvements that need the ranges of the plan, in place. */
export async function improveCalibrated(
  model: Model,
  plan: QuantPlan,
  { ranges }: Pick<Calibration, "ranges">,
  options: ImproveOptions & { readonly data: readonly Feeds[] },
): Promise<ImprovedPlan> {
  const { improve = [] } = options;
  const rounding = roundingImprovements.find((name) => improve.includes(name));
  const round = rounding && { gptq, adaround, refit }[rounding];
  const rounded = round ? await round(model, plan, { ...options, ranges }) : { plan, diagnostics: [] };
  const corrected = improve.includes("bias-correction")
    ? await correctBias(model, rounded.plan, { ...options, ranges })
    : { diagnostics: [] };
  return { plan: rounded.plan, diagnostics: [...rounded.diagnostics, ...corrected.diagnostics] };
}
