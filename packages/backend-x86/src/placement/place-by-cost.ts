import { isModelData, sharesParameters, type Unit } from "@lowbit/backend-kit";
import type { Value } from "@lowbit/ir";
import { UnionFind } from "@lowbit/quantize";
import { blockedUnits, needsNoBlocks } from "./blocked-layout.ts";
import { FlowNetwork } from "./minimum-cut.ts";
import { handedOn } from "./taken-activation.ts";
import type { Prices, UnitCost } from "./unit-costs.ts";

/** A float value that is read by units or made by one: where conversions may stand. */
interface Link {
  readonly value: Value;
  readonly producer: Unit | null;
  readonly readers: readonly Unit[];
  /** Whether something reads it that has no integer kernel. */
  readonly hasOtherReaders: boolean;
  readonly quantize: number;
  readonly dequantize: number;
  readonly toBlocks: number;
  readonly fromBlocks: number;
}

/**
 * Divides units between integers and floats so that kernels and conversions together take the least time: a minimum cut,
 * where the side of the source runs on integers. A value that is converted for several readers counts once. Where both take the
 * same time within what prices are good for, a unit stays float, and so do all when they gain next to nothing together.
 *
 * @returns the units that stay float, each with a reason
 */
export function placeByCost(units: readonly Unit[], prices: Prices, batch: number): ReadonlyMap<Unit, string> {
  const problem = placementProblem(units, prices);
  const [nothing, integer] = [new Set<Unit>(), cheapest(units, problem)];
  const whole = total(problem, nothing);
  const pays = whole < tooShort || whole - total(problem, integer) >= leastGain * whole;
  return reasons(units, problem, pays ? integer : nothing, batch);
}

/** What units and the conversions between them cost. */
export function placementProblem(units: readonly Unit[], prices: Prices): PlacementProblem {
  const blocked = blockedUnits(units);
  const costs = new Map(units.map((unit) => [unit, prices.unit(unit, blocked.has(unit))]));
  return { costs, links: linksOf(units, prices, blocked), blocked };
}

function linksOf(units: readonly Unit[], prices: Prices, blocked: ReadonlySet<Unit>): readonly Link[] {
  const readers = new Map<Value, Unit[]>();
  const producers = new Map<Value, Unit>();
  for (const unit of units) {
    for (const use of unit.data) {
      const value = use.node.inputs[use.index]!;
      if (!isModelData(value)) readers.set(value, [...(readers.get(value) ?? []), unit]);
    }
    for (const value of handedOn(unit)) producers.set(value, unit);
  }
  return [...new Set([...readers.keys(), ...producers.keys()])].map((value) => {
    const [producer, own] = [producers.get(value) ?? null, readers.get(value) ?? []];
    const isMade = producer !== null && blocked.has(producer);
    const leavesFloat = producer?.capability.result.kind === "observed-or-float" && own.length === 0;
    return {
      value,
      producer,
      readers: own,
      hasOtherReaders: value.isGraphOutput || value.users.some((node) => !own.some(({ anchor }) => anchor === node)),
      quantize: prices.quantize(value),
      dequantize: leavesFloat ? 0 : prices.dequantize(value),
      toBlocks:
        own.some((unit) => wantsBlocks(unit, blocked)) && !needsNoBlocks(value) ? prices.layout("toBlocks", value) : 0,
      fromBlocks: isMade ? prices.layout("fromBlocks", value) : 0,
    };
  });
}

function cheapest(units: readonly Unit[], { costs, links, blocked }: PlacementProblem): ReadonlySet<Unit> {
  const network = new FlowNetwork();
  const [source, sink] = [network.addNode(), network.addNode()];
  const nodes = new Map(units.map((unit) => [unit, network.addNode()]));
  const unitOf = new Map(units.flatMap((unit) => unit.nodes.map((node) => [node, unit] as const)));
  for (const [unit, { float, integer, apart, alone }] of costs) {
    network.addEdge(source, nodes.get(unit)!, float);
    network.addEdge(nodes.get(unit)!, sink, doubt * integer);
    const taker = apart && unitOf.get(apart.from);
    if (taker) network.addEdge(nodes.get(taker)!, nodes.get(unit)!, apart.more);
    const before = alone && unitOf.get(alone.from);
    if (before) network.addEdge(nodes.get(unit)!, nodes.get(before)!, alone.more);
  }
  for (const link of links) {
    const from = link.producer ? nodes.get(link.producer)! : sink;
    const isMadeInBlocks = link.producer !== null && blocked.has(link.producer);
    // At the source when some reader wants codes, floats, floats in order, or floats in blocks.
    const [quantized, ordered] = [network.addNode(), network.addNode()];
    const [dequantized, inBlocks] = [network.addNode(), network.addNode()];
    network.addEdge(quantized, from, link.quantize);
    network.addEdge(from, dequantized, link.producer ? link.dequantize : 0);
    network.addEdge(ordered, from, link.fromBlocks);
    network.addEdge(isMadeInBlocks ? from : source, inBlocks, link.toBlocks);
    for (const reader of link.readers) {
      const to = nodes.get(reader)!;
      network.addEdge(to, sharesParameters(reader) ? from : quantized, Infinity);
      network.addEdge(dequantized, to, Infinity);
      network.addEdge(blocked.has(reader) ? to : source, ordered, Infinity);
      if (wantsBlocks(reader, blocked)) network.addEdge(inBlocks, to, Infinity);
    }
    if (link.hasOtherReaders) {
      network.addEdge(dequantized, sink, Infinity);
      network.addEdge(source, ordered, Infinity);
    }
  }
  const side = network.cut(source, sink);
  return new Set(units.filter((unit) => side[nodes.get(unit)!]));
}

/** Whether floats are laid out in blocks for a unit; ops that only keep blocks take channels in order too. */
function wantsBlocks(unit: Unit, blocked: ReadonlySet<Unit>): boolean {
  return unit.weight !== null && blocked.has(unit);
}

/** Microseconds of a model that takes next to nothing beside the call itself: there integers may gain as little as they like. */
const tooShort = 20;

/** The least part of the time of all units in float that integers must gain for any to be worth their conversions. */
const leastGain = 0.06;

/** How much dearer than its price a kernel on integers is taken to be, so that nothing is quantized for less than prices can tell. */
const doubt = 1.03;

/** A placement problem with its prices. */
export interface PlacementProblem {
  readonly costs: ReadonlyMap<Unit, UnitCost>;
  readonly links: readonly Link[];
  readonly blocked: ReadonlySet<Unit>;
}

/** Microseconds of all units and conversions, with the given ones on integers. */
export function total({ costs, links, blocked }: PlacementProblem, integer: ReadonlySet<Unit>): number {
  let sum = 0;
  const onIntegers = new Set([...integer].flatMap(({ nodes }) => nodes));
  const inFloat = new Set([...costs.keys()].flatMap((unit) => (integer.has(unit) ? [] : unit.nodes)));
  for (const [unit, { float, integer: own, apart, alone }] of costs) {
    if (integer.has(unit)) sum += own + (alone && inFloat.has(alone.from) ? alone.more : 0);
    else sum += float + (apart && onIntegers.has(apart.from) ? apart.more : 0);
  }
  for (const { producer, readers, hasOtherReaders, quantize, dequantize, toBlocks, fromBlocks } of links) {
    const isCodes = producer !== null && integer.has(producer);
    const isInBlocks = !isCodes && producer !== null && blocked.has(producer);
    const [onCodes, onFloats] = [readers.some((unit) => integer.has(unit)), readers.some((unit) => !integer.has(unit))];
    if (isCodes && (hasOtherReaders || onFloats)) sum += dequantize;
    if (!isCodes && onCodes) sum += quantize;
    const inOrder = hasOtherReaders || onCodes || readers.some((unit) => !blocked.has(unit));
    if (isInBlocks && inOrder) sum += fromBlocks;
    if (!isInBlocks && readers.some((unit) => wantsBlocks(unit, blocked) && !integer.has(unit))) sum += toBlocks;
  }
  return sum;
}

/** Per region of float units that hand values to each other: what it would cost on integers. */
function reasons(
  units: readonly Unit[],
  problem: PlacementProblem,
  integer: ReadonlySet<Unit>,
  batch: number,
): ReadonlyMap<Unit, string> {
  const { costs, links } = problem;
  const regions = new UnionFind<Unit>();
  for (const unit of units) if (!integer.has(unit)) regions.find(unit);
  for (const { producer, readers } of links)
    for (const reader of readers)
      if (producer && !integer.has(producer) && !integer.has(reader)) regions.join(producer, reader);
  const least = total(problem, integer);
  const found = new Map<Unit, string>();
  for (const region of regions.sets()) {
    const float = region.reduce((sum, unit) => sum + costs.get(unit)!.float, 0);
    const own = region.reduce((sum, unit) => sum + costs.get(unit)!.integer, 0);
    const more = total(problem, new Set([...integer, ...region])) - least;
    const reason = reasonText(region.length, { float, own, conversions: float + more - own }, batch);
    for (const unit of region) found.set(unit, reason);
  }
  return found;
}

function reasonText(
  ops: number,
  { float, own, conversions }: { readonly float: number; readonly own: number; readonly conversions: number },
  batch: number,
): string {
  const what = ops === 1 ? "it takes" : `the ${ops} ops around it take`;
  const and =
    Math.abs(conversions) < roundingError
      ? "without conversions"
      : conversions > 0
        ? `and ${time(conversions)} for conversions`
        : `less ${time(-conversions)} of conversions`;
  return `at batch ${batch}, ${what} ${time(float)} in float, and on integers ${time(own)} ${and}`;
}

/** Microseconds below which sums of prices that should cancel out differ by rounding. */
const roundingError = 1e-3;

function time(microseconds: number): string {
  return microseconds < 1000
    ? `${Number(microseconds.toPrecision(2))} µs`
    : `${Number((microseconds / 1000).toPrecision(2))} ms`;
}
