import { invariant, type Value } from "@lowbit/ir";
import { Statistics, type ObserverSettings } from "../observers/statistics.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { sharingGroups, type SharingGroup } from "../plan/sharing.ts";
import { sourcesOf } from "../plan/sources.ts";
import type { ObservedSpec, ObserverName } from "../plan/spec.ts";
import type { Watch } from "./watch.ts";

/** A group to find the range of, with the watched values that it is made of. */
export interface ObservedGroup {
  readonly group: SharingGroup;
  /** The name of its root. */
  readonly name: string;
  readonly spec: ObservedSpec;
  readonly statistics: Statistics;
  /** Data of the model that has the same codes. */
  readonly data: readonly Value[];
  /** Indices into the watches. */
  readonly watches: readonly number[];
}

/** Elements of a value that histograms look at per sample unless told otherwise. */
const defaultValuesPerSample = 1024;

/** The activations that a plan quantizes by what is seen of them, and what to watch for it. */
export function observedGroups(
  plan: QuantPlan,
  observers: readonly ObserverName[],
  settings: ObserverSettings & { readonly valuesPerSample?: number },
): { readonly groups: readonly ObservedGroup[]; readonly watches: readonly Watch[] } {
  const sharing = sharingGroups(plan);
  const names = new PointNames(plan.graph);
  const watches: Watch[] = [];
  const groups = sharing.groups.flatMap((group): readonly ObservedGroup[] => {
    const { spec } = group;
    const { activations, data } = sourcesOf(group, sharing);
    if (spec.kind !== "observed" || activations.length === 0) return [];
    const channelAxis = spec.granularity.kind === "channel" ? spec.granularity.axis : null;
    const channels = channelAxis === null ? 1 : activations[0]!.shape?.[channelAxis];
    invariant(typeof channels === "number", `the number of channels of ${activations[0]!.name} is unknown`);
    const statistics = new Statistics(spec.observer ? [spec.observer] : observers, channels, settings);
    const valuesPerSample = statistics.seesValues ? (settings.valuesPerSample ?? defaultValuesPerSample) : 0;
    const indices = activations.map((value) => watch(watches, { value, channelAxis, valuesPerSample }));
    return [{ group, name: names.of(group.root), spec, statistics, data, watches: indices }];
  });
  return { groups, watches };
}

/** The index of a watch, added unless it is there already. */
function watch(watches: Watch[], wanted: Watch): number {
  const found = watches.findIndex(
    ({ value, channelAxis, valuesPerSample }) =>
      value === wanted.value && channelAxis === wanted.channelAxis && valuesPerSample === wanted.valuesPerSample,
  );
  return found >= 0 ? found : watches.push(wanted) - 1;
}
