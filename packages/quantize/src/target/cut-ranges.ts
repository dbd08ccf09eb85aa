import type { Model } from "@lowbit/ir";
import { decibels } from "../analyze/error-sums.ts";
import { squaredDistance, squaredSum } from "../analyze/squared-sums.ts";
import { startStream, type FeedSource } from "../calibrate/feed-stream.ts";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { sharingGroups, type SharingGroup } from "../plan/sharing.ts";
import { valueOf, type ObservedSpec, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { TunableModel } from "./tunable-model.ts";

/** A range of activations made smaller than that of the values seen, because the results get better by it. */
export interface RangeCut {
  /** Names of the values that have this range. */
  readonly values: readonly string[];
  readonly dtype: string;
  /** Of the codes; the zero point stays. */
  readonly scale: number;
  readonly zeroPoint: number;
  /** What is left of the range, in (0, 1). */
  readonly share: number;
  /** SQNR of the model's results with only these values rounded, in dB: with the whole range, and with what is left. */
  readonly whole: number;
  /** Null where they are equal to the float ones. */
  readonly cut: number | null;
}

/** How ranges are cut. */
export interface CutRangesOptions {
  /** The plan of the quantized model. */
  readonly plan: QuantPlan;
  readonly data: FeedSource;
  /** Samples of the data that results are compared on; they are held in memory. Default: 128. */
  readonly samples?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called before each range with how many there are. */
  readonly progress?: (done: number, total: number) => void;
}

/** A range shrinks by 3 dB at a time, and to no less than a 1024th. */
const step = Math.SQRT1_2;
const mostSteps = 20;

/**
 * Cuts ranges where that helps: of one range after the other, while the float model's results with only its values rounded
 * get closer to the float ones. One channel that is much larger than the others makes the codes of all others coarse;
 * cutting it off costs less than that. Ranges that give nothing by it stay whole, and are not listed.
 *
 * @param prepared a model prepared in `static` mode with this plan
 * @returns as far as it got where the signal stopped it
 */
export async function cutRanges(prepared: Model, options: CutRangesOptions): Promise<readonly RangeCut[]> {
  const { plan, samples = 128, threads, signal, progress } = options;
  const { first: data } = await startStream(options.data, samples);
  const model = await TunableModel.create(prepared, plan, threads);
  try {
    const wanted: (readonly Float32Array[])[] = [];
    for (const inputs of data) wanted.push(await model.run(inputs, new Map()));
    const power = wanted.flat().reduce((sum, values) => sum + squaredSum(values), 0);
    const noiseOf = async (rounded: ReadonlyMap<number, number>): Promise<number> => {
      let noise = 0;
      for (const [index, inputs] of data.entries()) noise += distance(wanted[index]!, await model.run(inputs, rounded));
      return noise;
    };
    const groups = cuttable(plan, model);
    const cuts: RangeCut[] = [];
    for (const [done, group] of groups.entries()) {
      if (signal?.aborted) break;
      progress?.(done, groups.length);
      const factor = group.spec.scales ? step ** 2 : step;
      const noiseWith = (share: number): Promise<number> =>
        noiseOf(new Map(group.places.map((place) => [place, Math.fround(group.scale * share)])));
      const whole = await noiseWith(1);
      let [share, least] = [1, whole];
      for (let steps = 1; steps <= mostSteps && least > 0 && !signal?.aborted; steps++) {
        const noise = await noiseWith(factor ** steps);
        if (noise >= least) break;
        [share, least] = [factor ** steps, noise];
      }
      const scale = Math.fround(group.scale * share);
      if (share === 1 || scale < group.spec.eps) continue;
      const { values, zeroPoint, spec } = group;
      const [before, after] = [decibels(power, whole)!, decibels(power, least)];
      cuts.push({ values, dtype: spec.dtype, scale, zeroPoint, share, whole: before, cut: after });
    }
    return cuts;
  } finally {
    await model.release();
  }
}

/** A plan with cut ranges, as fixed specs, at the points that have them. */
export function withCutRanges(plan: QuantPlan, cuts: readonly RangeCut[]): QuantPlan {
  if (cuts.length === 0) return plan;
  const byName = new Map(cuts.flatMap((cut) => cut.values.map((name) => [name, cut] as const)));
  const specs = new Map<QuantPoint, QuantSpec>(plan.specs);
  for (const group of sharingGroups(plan).groups) {
    const names = isCuttable(group) ? namesOf(group) : [];
    const cut = names.map((name) => byName.get(name)).find((each) => each !== undefined);
    if (!cut || cut.dtype !== group.spec.dtype) continue;
    const { dtype, range, granularity } = group.spec;
    const [scale, zeroPoint] = [[cut.scale], [cut.zeroPoint]];
    specs.set(group.root, { kind: "fixed", dtype, range, granularity, scale, zeroPoint });
  }
  return createPlan(plan.graph, specs, plan.skipped);
}

interface CuttableGroup {
  readonly values: readonly string[];
  readonly spec: ObservedSpec;
  /** Where the model rounds them. */
  readonly places: readonly number[];
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The groups of activations with one observed range; values that have several of them stay out. */
function cuttable(plan: QuantPlan, model: TunableModel): readonly CuttableGroup[] {
  const groups = sharingGroups(plan).groups.filter(isCuttable);
  const count = new Map<string, number>();
  for (const name of groups.flatMap(namesOf)) count.set(name, (count.get(name) ?? 0) + 1);
  return groups.flatMap((group): readonly CuttableGroup[] => {
    const values = namesOf(group);
    const places = [...model.values.keys()].filter((place) => values.includes(model.values[place]!.name));
    const { scale, zeroPoint } = model.values[places[0] ?? -1] ?? { scale: null, zeroPoint: 0 };
    if (scale === null || values.some((name) => count.get(name)! > 1)) return [];
    return [{ values, spec: group.spec, places, scale, zeroPoint }];
  });
}

function isCuttable(group: SharingGroup): group is SharingGroup & { readonly spec: ObservedSpec } {
  const { spec, members } = group;
  const hasData = members.some((point) => valueOf(point)?.initializer);
  return spec.kind === "observed" && spec.granularity.kind === "tensor" && !hasData;
}

function namesOf({ members }: SharingGroup): readonly string[] {
  return [...new Set(members.map((point) => valueOf(point)!.name))];
}

function distance(wanted: readonly Float32Array[], results: readonly Float32Array[]): number {
  return wanted.reduce((sum, values, output) => sum + squaredDistance(values, results[output]!), 0);
}
