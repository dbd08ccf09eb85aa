import type { Tensor } from "@lowbit/ir";
import type { ChangedCodes } from "./fit-options.ts";

/** The integers of a graph's weights, by name. */
export type Codes = ReadonlyMap<string, Tensor>;

/** How many codes differ, null where there are none; a weight that only one side has, or in another shape, counts as wholly changed. */
export function changedCodes(before: Codes, after: Codes): ChangedCodes | null {
  const layers: Record<string, number> = {};
  let [changed, all] = [0, 0];
  for (const [name, tensor] of after) {
    const differing = differences(before.get(name), tensor);
    layers[name] = differing / Math.max(1, tensor.size);
    changed += differing;
    all += tensor.size;
  }
  return all === 0 ? null : { share: changed / all, layers };
}

function differences(before: Tensor | undefined, after: Tensor): number {
  if (before?.size !== after.size || before.dtype !== after.dtype) return after.size;
  const [old, now] = [before.numbers(), after.numbers()];
  let count = 0;
  for (let i = 0; i < now.length; i++) if (old[i] !== now[i]) count++;
  return count;
}
