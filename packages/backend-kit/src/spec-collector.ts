import type { Use, Value } from "@lowbit/ir";
import { fixed, UnionFind, type ObservedSpec, type OwnSpec, type QuantPoint, type QuantSpec } from "@lowbit/quantize";
import type { CapabilityTable } from "./capabilities.ts";
import { isModelData } from "./constraints.ts";
import type { Unit } from "./units.ts";

/** What the collector asks about the units that run on integers. */
interface Codes {
  isCodes(value: Value): boolean;
  leavesFloat(unit: Unit): boolean;
}

/** Gathers the specs of units in graph order and joins the points that must have equal parameters. */
export class SpecCollector {
  readonly #table: CapabilityTable;
  readonly #sets = new UnionFind<QuantPoint>();
  /** The specs that points bring with them; those of one set end up as one. */
  readonly #own = new Map<QuantPoint, OwnSpec>();
  readonly #derived = new Map<QuantPoint, QuantSpec>();
  readonly #fixed: QuantPoint[] = [];
  /** Where a float value, or data in one form, was quantized first. */
  readonly #first = new Map<Value, Map<string, QuantPoint>>();

  constructor(table: CapabilityTable) {
    this.#table = table;
  }

  /** Adds the points of a unit whose operands were added before. */
  add(unit: Unit, codes: Codes): void {
    for (const use of unit.data) this.#addData(use, codes);
    if (unit.weight) this.#addWeight(unit.weight);
    if (unit.bias && unit.weight && unit.capability.bias === "int32" && isModelData(read(unit.bias))) {
      const from = [unit.data[0]!, unit.weight.use] as const;
      this.#derived.set(unit.bias, { kind: "derived", dtype: "int32", formula: "bias", from });
    }
    if (!codes.leavesFloat(unit)) for (const value of unit.results) this.#addResult(unit, value);
  }

  /** The finished specs: one of its own for each set of points, at the first of them. */
  specs(): ReadonlyMap<QuantPoint, QuantSpec> {
    const specs = new Map<QuantPoint, QuantSpec>();
    for (const set of this.#sets.sets()) {
      const candidates = set.flatMap((point) => this.#own.get(point) ?? []);
      const [root, ...others] = set;
      specs.set(root!, candidates.find((spec) => spec.kind === "fixed") ?? candidates[0]!);
      for (const point of others) specs.set(point, { kind: "shared", with: root! });
    }
    for (const [point, spec] of this.#derived) specs.set(point, spec);
    return specs;
  }

  #addData(use: Use, codes: Codes): void {
    const value = read(use);
    if (codes.isCodes(value)) this.#sets.join(value, use);
    else this.#addOnce(use, this.#table.activation);
  }

  #addWeight({ use, channelAxis }: NonNullable<Unit["weight"]>): void {
    const { granularity, ...codes } = this.#table.weight;
    const perChannel = granularity === "channel" && channelAxis !== null;
    const along = perChannel ? ({ kind: "channel", axis: channelAxis } as const) : ({ kind: "tensor" } as const);
    this.#addOnce(use, { ...codes, granularity: along });
  }

  /** A value that is quantized in the same form twice is quantized once. */
  #addOnce(use: Use, spec: ObservedSpec): void {
    const value = read(use);
    const forms = this.#first.get(value) ?? new Map<string, QuantPoint>();
    this.#first.set(value, forms);
    const form = JSON.stringify(spec);
    const first = forms.get(form);
    if (first) return this.#sets.join(first, use);
    forms.set(form, use);
    this.#sets.find(use);
    this.#own.set(use, spec);
  }

  #addResult(unit: Unit, value: Value): void {
    const { result } = unit.capability;
    this.#sets.find(value);
    if (result.kind === "fixed") {
      this.#fixed.push(value);
      this.#own.set(value, fixed(this.#table.activation.dtype, result.scale, result.zeroPoint));
      return;
    }
    this.#own.set(value, this.#table.activation);
    if (result.kind === "shared") for (const use of unit.data) this.#share(use, value, unit.data.length);
  }

  /** A fixed scale passes on to a result with one operand; beside other operands it would cut off their ranges. */
  #share(use: Use, value: Value, operands: number): void {
    const root = this.#sets.find(use);
    const isFixed = this.#fixed.some((point) => this.#sets.find(point) === root);
    if (operands === 1 || !isFixed) this.#sets.join(use, value);
  }
}

function read(use: Use): Value {
  return use.node.inputs[use.index]!;
}
