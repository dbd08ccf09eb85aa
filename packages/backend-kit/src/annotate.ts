import type { Graph, Node, Value } from "@lowbit/ir";
import {
  createPlan,
  keptByUser,
  movesElements,
  nodesMatching,
  requireFloat,
  type AnnotateOptions,
  type QuantPlan,
  type Skipped,
} from "@lowbit/quantize";
import type { CapabilityTable } from "./capabilities.ts";
import { isModelData } from "./constraints.ts";
import { regionsOf } from "./regions.ts";
import { SpecCollector } from "./spec-collector.ts";
import { findUnits, type Unit } from "./units.ts";

/** What a backend knows about where integers pay; every answer is a reason for the user, or null. */
export interface Placement {
  /** Whether ops without weights are quantized even when none of their operands comes from an integer kernel. */
  readonly everything: boolean;
  /** Which units should stay float although there is a kernel, and why; it sees those that the user leaves to it. */
  readonly floatUnits?: (units: readonly Unit[]) => ReadonlyMap<Unit, string>;
  /** Why a region of units, connected by codes, should stay float as a whole. */
  readonly floatRegion?: (units: readonly Unit[]) => string | null;
}

/** Quantizes whatever there is a kernel for. */
export const quantizeEverything: Placement = { everything: true };

/**
 * The plan that a capability table allows for a graph: which units run on integers, with which parameters, and why the
 * rest stays float.
 *
 * Ops that move or choose elements share the parameters of their operands; they are quantized only where those come as
 * codes, because a conversion for them alone would cost more than it saves.
 *
 * @throws CompileError `backend/already-quantized`, `quantize/keep-float`
 */
export function annotateFromCapabilities(
  graph: Graph,
  table: CapabilityTable,
  placement: Placement,
  options: AnnotateOptions = {},
): QuantPlan {
  requireFloat(graph);
  const { units, unsupported } = findUnits(graph, table);
  const reasons = new Map(unsupported);
  const kept = nodesMatching(graph, options.keepFloat ?? []);
  for (const node of kept) reasons.set(node, keptByUser);
  const selection = new Selection(units, placement);
  const isKept = (unit: Unit): boolean => unit.nodes.some((node) => kept.has(node));
  for (const unit of units.filter(isKept)) selection.exclude(unit, keptByUser);
  const float = placement.floatUnits?.(units.filter((unit) => !isKept(unit)));
  for (const [unit, reason] of float ?? []) selection.exclude(unit, reason);
  selection.settle();
  const collector = new SpecCollector(table);
  for (const unit of units) {
    const reason = selection.reason(unit);
    if (reason === null) collector.add(unit, selection);
    else explainFloatUnit(unit, reason, reasons);
  }
  return createPlan(graph, collector.specs(), inGraphOrder(graph, reasons));
}

/** Sets the reason of a unit that stays float, and that of the nodes which its kernel would have computed too. */
function explainFloatUnit({ anchor, nodes }: Unit, reason: string, reasons: Map<Node, string>): void {
  reasons.set(anchor, reason);
  for (const node of nodes) if (!reasons.has(node)) reasons.set(node, partOfFloatUnit);
}

const partOfFloatUnit = "the op before it stays float, and one kernel would compute both";

/** The units that run on integers, as far as it is known. */
class Selection {
  readonly #units: readonly Unit[];
  readonly #placement: Placement;
  readonly #reasons = new Map<Unit, string>();
  readonly #producer = new Map<Value, Unit>();
  readonly #readers = new Map<Node, Unit>();

  constructor(units: readonly Unit[], placement: Placement) {
    this.#units = units;
    this.#placement = placement;
    for (const unit of units) {
      this.#readers.set(unit.anchor, unit);
      for (const value of unit.results) this.#producer.set(value, unit);
    }
  }

  /** Why a unit stays float; null when it runs on integers. */
  reason(unit: Unit): string | null {
    return this.#reasons.get(unit) ?? null;
  }

  exclude(unit: Unit, reason: string): void {
    this.#reasons.set(unit, reason);
  }

  /** Whether a value leaves its kernel as codes. */
  isCodes(value: Value): boolean {
    const unit = this.#producer.get(value);
    return unit !== undefined && this.reason(unit) === null && !this.leavesFloat(unit);
  }

  /** Whether the results of a selected unit leave its kernel as floats, since nobody wants codes. */
  leavesFloat(unit: Unit): boolean {
    return unit.capability.result.kind === "observed-or-float" && !unit.results.some((value) => this.#isWanted(value));
  }

  /** Excludes what does not pay or has lost its codes, until nothing changes. */
  settle(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const unit of this.#units) {
        const reason = this.reason(unit) === null ? this.#objection(unit) : null;
        if (reason === null) continue;
        this.exclude(unit, reason);
        changed = true;
      }
      changed = this.#dropRegions() || changed;
    }
  }

  #objection(unit: Unit): string | null {
    if (unit.weight) return null;
    const activations = unit.data.map((use) => use.node.inputs[use.index]!).filter((value) => !isModelData(value));
    if (sharesParameters(unit)) {
      const float = activations.find((value) => !this.isCodes(value));
      return float ? `its operand "${float.name}" is float, and quantizing it for this op alone would not pay` : null;
    }
    if (this.#placement.everything || activations.some((value) => this.isCodes(value))) return null;
    return "all its operands are float, and quantizing them for this op alone would not pay";
  }

  #dropRegions(): boolean {
    const { floatRegion } = this.#placement;
    if (!floatRegion) return false;
    let changed = false;
    const selected = this.#units.filter((unit) => this.reason(unit) === null);
    for (const region of regionsOf(selected, (value) => this.isCodes(value))) {
      const reason = floatRegion(region);
      if (reason === null) continue;
      for (const unit of region) this.exclude(unit, reason);
      changed = true;
    }
    return changed;
  }

  /** Whether some selected unit computes with the codes of a value, directly or behind ops that only move them. */
  #isWanted(value: Value): boolean {
    return value.users.some((node) => {
      const unit = this.#readers.get(node);
      if (!unit || this.reason(unit) !== null || !unit.data.some((use) => node.inputs[use.index] === value))
        return false;
      return !sharesParameters(unit) || unit.results.some((result) => this.#isWanted(result));
    });
  }
}

/** Whether operands and results of a unit have the same parameters: by its row, and by the facts of its op. */
export function sharesParameters(unit: Unit): boolean {
  return unit.capability.result.kind === "shared" && movesElements(unit.anchor);
}

function inGraphOrder(graph: Graph, reasons: ReadonlyMap<Node, string>): readonly Skipped[] {
  return [...graph.nodes].flatMap((node) => {
    const reason = reasons.get(node);
    return reason === undefined ? [] : [{ node, reason }];
  });
}
