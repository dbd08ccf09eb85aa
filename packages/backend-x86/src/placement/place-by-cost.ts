import { isModelData, sharesParameters, type Unit } from "@lowbit/backend-kit";
import type { Value } from "@lowbit/ir";
import { UnionFind } from "@lowbit/quantize";
import { FlowNetwork } from "./minimum-cut.ts";
import type { Prices, UnitCost } from "./unit-costs.ts";

/** A float value that is read by units or made by one: where conversions may stand. */
export interface Link {
  readonly value: Value;
  readonly producer: Unit | null;
  readonly readers: readonly Unit[];
  /** Whether something reads it that has no integer kernel. */
  readonly hasOtherReaders: boolean;
  readonly quantize: number;
  readonly dequantize: number;
}

/**
 * Divides units between integers and floats so that kernels and conversions together take the least time: a minimum cut,
 * where the side of the source runs on integers. A value that is quantized or dequantized for several readers counts once.
 *
 * @returns the units that stay float, each with a reason
 */
export function placeByCost(units: readonly Unit[], prices: Prices, batch: number): ReadonlyMap<Unit, string> {
  const costs = new Map(units.map((unit) => [unit, prices.unit(unit)]));
  const links = linksOf(units, prices);
  const integer = cheapest(units, costs, links);
  return reasons(units, costs, links, integer, batch);
}

/** Where conversions may stand between units. */
export function linksOf(units: readonly Unit[], prices: Prices): readonly Link[] {
  const readers = new Map<Value, Unit[]>();
  const producers = new Map<Value, Unit>();
  for (const unit of units) {
    for (const use of unit.data) {
      const value = use.node.inputs[use.index]!;
      if (!isModelData(value)) readers.set(value, [...(readers.get(value) ?? []), unit]);
    }
    for (const value of unit.results) producers.set(value, unit);
  }
  return [...new Set([...readers.keys(), ...producers.keys()])].map((value) => {
    const [producer, own] = [producers.get(value) ?? null, readers.get(value) ?? []];
    return {
      value,
      producer,
      readers: own,
      hasOtherReaders: value.isGraphOutput || value.users.some((node) => !own.some(({ anchor }) => anchor === node)),
      quantize: prices.quantize(value),
      dequantize: prices.dequantize(value),
    };
  });
}

function cheapest(
  units: readonly Unit[],
  costs: ReadonlyMap<Unit, UnitCost>,
  links: readonly Link[],
): ReadonlySet<Unit> {
  const network = new FlowNetwork();
  const [source, sink] = [network.addNode(), network.addNode()];
  const nodes = new Map(units.map((unit) => [unit, network.addNode()]));
  for (const [unit, { float, integer }] of costs) {
    network.addEdge(source, nodes.get(unit)!, float);
    network.addEdge(nodes.get(unit)!, sink, integer);
  }
  for (const link of links) {
    const from = link.producer ? nodes.get(link.producer)! : sink;
    const quantized = network.addNode();
    const dequantized = network.addNode();
    network.addEdge(quantized, from, link.quantize);
    network.addEdge(from, dequantized, link.producer ? link.dequantize : 0);
    for (const reader of link.readers) {
      const to = nodes.get(reader)!;
      network.addEdge(to, sharesParameters(reader) ? from : quantized, Infinity);
      network.addEdge(dequantized, to, Infinity);
    }
    if (link.hasOtherReaders) network.addEdge(dequantized, sink, Infinity);
  }
  const side = network.cut(source, sink);
  return new Set(units.filter((unit) => side[nodes.get(unit)!]));
}

/** Microseconds of all units and conversions, with the given ones on integers. */
export function total(costs: ReadonlyMap<Unit, UnitCost>, links: readonly Link[], integer: ReadonlySet<Unit>): number {
  let sum = 0;
  for (const [unit, cost] of costs) sum += integer.has(unit) ? cost.integer : cost.float;
  for (const { producer, readers, hasOtherReaders, quantize, dequantize } of links) {
    const isCodes = producer !== null && integer.has(producer);
    if (isCodes && (hasOtherReaders || readers.some((unit) => !integer.has(unit)))) sum += dequantize;
    if (!isCodes && readers.some((unit) => integer.has(unit))) sum += quantize;
  }
  return sum;
}

/** Per region of float units that hand values to each other: what it would cost on integers. */
function reasons(
  units: readonly Unit[],
  costs: ReadonlyMap<Unit, UnitCost>,
  links: readonly Link[],
  integer: ReadonlySet<Unit>,
  batch: number,
): ReadonlyMap<Unit, string> {
  const regions = new UnionFind<Unit>();
  for (const unit of units) if (!integer.has(unit)) regions.find(unit);
  for (const { producer, readers } of links)
    for (const reader of readers)
      if (producer && !integer.has(producer) && !integer.has(reader)) regions.join(producer, reader);
  const least = total(costs, links, integer);
  const found = new Map<Unit, string>();
  for (const region of regions.sets()) {
    const float = region.reduce((sum, unit) => sum + costs.get(unit)!.float, 0);
    const own = region.reduce((sum, unit) => sum + costs.get(unit)!.integer, 0);
    const more = total(costs, links, new Set([...integer, ...region])) - least;
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
    conversions >= 0 ? `and ${time(conversions)} for conversions` : `less ${time(-conversions)} of conversions`;
  return `at batch ${batch}, ${what} ${time(float)} in float, and on integers ${time(own)} ${and}`;
}

function time(microseconds: number): string {
  return microseconds < 1000
    ? `${Number(microseconds.toPrecision(2))} µs`
    : `${Number((microseconds / 1000).toPrecision(2))} ms`;
}
