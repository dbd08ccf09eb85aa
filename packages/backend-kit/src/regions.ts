import type { Value } from "@lowbit/ir";
import { UnionFind } from "@lowbit/quantize";
import type { Unit } from "./units.ts";

/** Groups units that hand codes to each other; `isCodes` tells which values pass as codes. */
export function regionsOf(units: readonly Unit[], isCodes: (value: Value) => boolean): readonly (readonly Unit[])[] {
  const producers = new Map(units.flatMap((unit) => unit.results.map((value) => [value, unit] as const)));
  const sets = new UnionFind<Unit>();
  for (const unit of units) {
    sets.find(unit);
    for (const use of unit.data) {
      const value = use.node.inputs[use.index]!;
      const producer = producers.get(value);
      if (producer && isCodes(value)) sets.join(producer, unit);
    }
  }
  return sets.sets();
}
