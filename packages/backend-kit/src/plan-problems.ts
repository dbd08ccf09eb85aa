import type { Use } from "@lowbit/ir";
import { isUse, PointNames, sharingGroups, type QuantPlan, type QuantPoint, type SharingGroup } from "@lowbit/quantize";
import type { CapabilityTable } from "./capabilities.ts";
import { findUnits, type Unit } from "./units.ts";

/**
 * What a plan says that a table does not allow, one sentence each: codes or granularities that no kernel takes, operands
 * of one kernel in different states, parameters that should be shared or fixed and are not, points that no kernel reads.
 */
export function planProblems(plan: QuantPlan, table: CapabilityTable): readonly string[] {
  const check = new Check(plan);
  const float = new Set(plan.skipped.map(({ node }) => node));
  // What the plan itself keeps in float may read what others have as codes.
  const units = findUnits(plan.graph, table).units.filter(({ anchor }) => !float.has(anchor));
  return [...units.flatMap((unit) => check.unit(unit)), ...check.points(units)];
}

class Check {
  readonly #plan: QuantPlan;
  readonly #names: PointNames;
  readonly #groupOf: (point: QuantPoint) => SharingGroup | null;

  constructor(plan: QuantPlan) {
    this.#plan = plan;
    this.#names = new PointNames(plan.graph);
    const groups = sharingGroups(plan);
    this.#groupOf = (point) => groups.of(point);
  }

  unit(unit: Unit): readonly string[] {
    const data = unit.data.map((use) => this.#group(use));
    if (data.every((group) => !group)) return [];
    const name = this.#names.node(unit.anchor);
    const float = unit.data.find((_, index) => !data[index]);
    if (float) return [`${this.#names.of(float)} stays float beside operands of ${name} that are codes`];
    return [
      ...unit.data.flatMap((use) => this.#data(use, unit)),
      ...this.#weight(unit),
      ...this.#bias(unit),
      ...unit.results.flatMap((value) => (this.#groupOf(value) ? this.#data(value, unit) : [])),
      ...this.#result(unit),
    ];
  }

  /** Points that lie at no kernel at all. */
  points(units: readonly Unit[]): readonly string[] {
    const anchors = new Set(units.map(({ anchor }) => anchor));
    const results = new Set(units.flatMap((unit) => unit.results));
    return [...this.#plan.specs.keys()].flatMap((point) => {
      const isRead = isUse(point)
        ? anchors.has(point.node)
        : results.has(point) || point.users.some((user) => anchors.has(user));
      return isRead ? [] : [`${this.#names.of(point)} is quantized, and no integer kernel reads or makes it`];
    });
  }

  #data(point: QuantPoint, { anchor, capability }: Unit): readonly string[] {
    const { spec } = this.#group(point)!;
    const name = this.#names.of(point);
    if (!capability.activations.includes(spec.dtype)) {
      return [`${name} is ${spec.dtype}, and the kernel for ${anchor.op} takes ${capability.activations.join(" or ")}`];
    }
    return spec.granularity.kind === "tensor"
      ? []
      : [`${name} has several scales, and kernels take one for activations`];
  }

  #weight({ anchor, capability, weight }: Unit): readonly string[] {
    if (!weight || !capability.weights) return [];
    const name = this.#names.of(weight.use);
    const spec = this.#group(weight.use)?.spec;
    if (!spec) return [`${name} stays float beside operands that are codes`];
    const { dtypes, granularities } = capability.weights;
    if (!dtypes.includes(spec.dtype)) {
      return [`${name} is ${spec.dtype}, and the kernel for ${anchor.op} takes ${dtypes.join(" or ")}`];
    }
    const { granularity } = spec;
    if (!granularities.includes(granularity.kind)) {
      return [
        `${name} is per ${granularity.kind}, and the kernel for ${anchor.op} takes ${granularities.join(" or ")}`,
      ];
    }
    return granularity.kind === "channel" && granularity.axis !== weight.channelAxis
      ? [`${name} has scales along axis ${granularity.axis}, and output channels lie along ${weight.channelAxis}`]
      : [];
  }

  #bias({ bias, capability }: Unit): readonly string[] {
    const spec = bias && this.#plan.specs.get(bias);
    return spec?.kind === "derived" && capability.bias !== "int32"
      ? [`${this.#names.of(bias!)} is int32, and the kernel takes a float bias`]
      : [];
  }

  #result({ capability, data, results }: Unit): readonly string[] {
    const { result } = capability;
    return results.flatMap((value) => {
      const group = this.#groupOf(value);
      const name = this.#names.of(value);
      if (!group) return [];
      if (result.kind === "fixed") {
        // The same range in 256 times as many codes.
        const isWide = group.spec.dtype.endsWith("16") && !capability.activations[0]!.endsWith("16");
        const scale = isWide ? result.scale / 256 : result.scale;
        if (result.takesOthers) return [];
        const isFixed = group.spec.kind === "fixed" && group.spec.scale[0] === Math.fround(scale);
        return isFixed ? [] : [`${name} must have the scale ${scale}`];
      }
      if (result.kind !== "shared") return [];
      const other = data.find((use) => this.#group(use) !== group && this.#group(use)!.spec.kind !== "fixed");
      return other ? [`${name} must share its parameters with ${this.#names.of(other)}`] : [];
    });
  }

  /** The codes at an operand: its own, or those that all readers of the value see. */
  #group(point: QuantPoint): SharingGroup | null {
    const own = this.#groupOf(point);
    if (own || !isUse(point)) return own;
    const value = (point as Use).node.inputs[point.index];
    return value ? this.#groupOf(value) : null;
  }
}
