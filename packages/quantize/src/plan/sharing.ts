import { invariant } from "@lowbit/ir";
import type { QuantPlan } from "./plan.ts";
import type { OwnSpec, QuantPoint } from "./spec.ts";

/** Disjoint sets that can be joined, each with a member that represents it. */
export class UnionFind<T> {
  readonly #parent = new Map<T, T>();

  /** The representative of an item's set; an item not seen before is alone. */
  find(item: T): T {
    let root = item;
    for (let up = this.#parent.get(root); up !== undefined && up !== root; up = this.#parent.get(root)) root = up;
    for (let at = item; at !== root;) {
      const up = this.#parent.get(at)!;
      this.#parent.set(at, root);
      at = up;
    }
    if (!this.#parent.has(root)) this.#parent.set(root, root);
    return root;
  }

  /** Joins two sets; the representative of the set of `a` stays. */
  join(a: T, b: T): void {
    const [rootA, rootB] = [this.find(a), this.find(b)];
    this.#parent.set(rootB, rootA);
  }

  /** All sets, in the order their first members were seen. */
  sets(): readonly (readonly T[])[] {
    const sets = new Map<T, T[]>();
    for (const item of this.#parent.keys()) {
      const root = this.find(item);
      const set = sets.get(root);
      if (set) set.push(item);
      else sets.set(root, [item]);
    }
    return [...sets.values()];
  }
}

/** Points that have the same codes: one scale and zero point, from one range. */
export interface SharingGroup {
  /** The member whose spec the others share. */
  readonly root: QuantPoint;
  readonly spec: OwnSpec;
  /** In graph order, the root included. */
  readonly members: readonly QuantPoint[];
}

/** The groups of a plan. Derived points (biases) belong to none. */
export interface SharingGroups {
  readonly groups: readonly SharingGroup[];
  /** The group of a point; null for points that have none. */
  of(point: QuantPoint): SharingGroup | null;
}

/** Finds the points that share parameters. */
export function sharingGroups(plan: QuantPlan): SharingGroups {
  const sets = new UnionFind<QuantPoint>();
  for (const [point, spec] of plan.specs) {
    if (spec.kind === "shared") sets.join(spec.with, point);
    else if (spec.kind !== "derived") sets.find(point);
  }
  const byPoint = new Map<QuantPoint, SharingGroup>();
  const members = new Map<QuantPoint, QuantPoint[]>();
  for (const [point, spec] of plan.specs) {
    if (spec.kind === "derived") continue;
    const root = sets.find(point);
    const list = members.get(root);
    if (list) list.push(point);
    else members.set(root, [point]);
  }
  for (const list of members.values()) {
    const root = list.find((point) => plan.specs.get(point)!.kind !== "shared");
    const spec = root && plan.specs.get(root);
    invariant(
      root && spec && spec.kind !== "shared" && spec.kind !== "derived",
      "a sharing group without a spec of its own",
    );
    const group: SharingGroup = { root, spec, members: list };
    for (const point of list) byPoint.set(point, group);
  }
  return { groups: [...new Set(byPoint.values())], of: (point) => byPoint.get(point) ?? null };
}
