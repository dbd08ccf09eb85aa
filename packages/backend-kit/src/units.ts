import {
  hasBody,
  elementCount,
  isFloat,
  lowbitDomain,
  operandRole,
  onlyReader,
  schemaOf,
  type Graph,
  type Node,
  type Use,
  type Value,
} from "@lowbit/ir";
import type { Capability, CapabilityTable } from "./capabilities.ts";
import { isModelData } from "./constraints.ts";

/**
 * Nodes that one integer kernel runs: an anchor that the capability table has a row for, and what vanishes into it (a
 * bias added behind a MatMul, a clamp that requantization does anyway). Values inside are never quantized.
 */
export interface Unit {
  readonly anchor: Node;
  readonly capability: Capability;
  /** In graph order, the anchor first. */
  readonly nodes: readonly Node[];
  /** Operand slots that carry activations. */
  readonly data: readonly Use[];
  readonly weight: { readonly use: Use; readonly channelAxis: number | null } | null;
  /** The bias operand of the anchor. */
  readonly bias: Use | null;
  /** What the unit gives to the nodes behind it. */
  readonly results: readonly Value[];
}

/** The units of a graph in graph order, and for the nodes that no kernel takes the reason. */
export interface Units {
  readonly units: readonly Unit[];
  readonly unsupported: ReadonlyMap<Node, string>;
}

/** Finds the units of a graph. Nodes that compute shapes or indices are neither units nor unsupported. */
export function findUnits(graph: Graph, table: CapabilityTable): Units {
  const units: Unit[] = [];
  const unsupported = new Map<Node, string>();
  const absorbed = new Set<Node>();
  for (const node of graph.nodes) {
    if (absorbed.has(node)) continue;
    if (hasBody(node)) unsupported.set(node, `what the graphs inside of ${node.op} compute stays float`);
    if (!computesFloats(node) || hasBody(node)) continue;
    const found = capabilityOf(node, table);
    if (typeof found === "string") {
      unsupported.set(node, found);
      continue;
    }
    const unit = unitAt(node, found);
    for (const each of unit.nodes) absorbed.add(each);
    units.push(unit);
  }
  return { units, unsupported };
}

/** Whether a node works on floats that depend on the graph's inputs. */
function computesFloats(node: Node): boolean {
  const isFloatValue = (value: Value | null): boolean => value !== null && value.dtype !== null && isFloat(value.dtype);
  return (
    node.outputs.some(isFloatValue) && node.inputs.some((value) => value && isFloatValue(value) && !isModelData(value))
  );
}

/** The op that decides which kernels a node may run on: that of what it is made of, for Conv+BatchNormalization. */
export function kernelOp(node: Node): { readonly op: string; readonly domain: string } {
  if (node.is("ConvBatchNormalization", lowbitDomain)) return { op: node.string("op", "Conv"), domain: "" };
  return node;
}

/** The row of the table for a node, or why there is none. */
function capabilityOf(node: Node, table: CapabilityTable): Capability | string {
  const { op, domain } = kernelOp(node);
  const rows = table.ops.filter((row) => row.op === op && (row.domain ?? "") === domain);
  let reason = `there is no integer kernel for ${op}`;
  for (const row of rows) {
    const objection = row.constraints?.map((constraint) => constraint.objection(node)).find((each) => each !== null);
    if (objection === undefined) return row;
    reason = objection ?? reason;
  }
  return reason;
}

function unitAt(anchor: Node, capability: Capability): Unit {
  const nodes = [anchor];
  let results = anchor.outputs.filter((value) => value !== null);
  const extend = (accepts: (next: Node, value: Value) => boolean): void => {
    const [value] = results;
    const next = results.length === 1 ? onlyNeighbour(value!) : null;
    if (!next || !accepts(next, value!)) return;
    nodes.push(next);
    results = [next.output];
  };
  if (capability.addsBias) extend(isBiasAdd);
  extend((next) => next.domain === "" && (capability.fuses?.includes(next.op) ?? false) && hasConstantBounds(next));
  return { anchor, capability, nodes, ...operandsOf(anchor, capability), results };
}

/** The operands of an anchor by what they are for; a weight that is computed counts as data. */
function operandsOf(anchor: Node, capability: Capability): Pick<Unit, "data" | "weight" | "bias"> {
  const schema = schemaOf(anchor.op, anchor.domain)!;
  const data: Use[] = [];
  let weight: Unit["weight"] = null;
  let bias: Use | null = null;
  for (const use of anchor.operands) {
    const value = anchor.inputs[use.index];
    if (!value || value.dtype === null || !isFloat(value.dtype)) continue;
    const { role, channelAxis } = operandRole(schema, use.index);
    if (role === "weight" && capability.weights) {
      const axis = typeof channelAxis === "function" ? channelAxis(anchor) : (channelAxis ?? null);
      weight ??= { use, channelAxis: axis };
    } else if (role === "data" || role === "weight") data.push(use);
    else if (role === "bias" && anchor.domain === "") bias ??= use;
  }
  return { data, weight, bias };
}

/** The only reader of a value, where it is in the same graph and not in a body. */
function onlyNeighbour(value: Value): Node | null {
  const reader = onlyReader(value);
  return reader?.graph === value.graph ? reader : null;
}

/** Whether a node adds model data that has one element, or one per element of the last axis. */
function isBiasAdd(node: Node, value: Value): boolean {
  if (!node.is("Add")) return false;
  const other = node.inputs.find((each) => each !== value);
  if (!other || !isModelData(other)) return false;
  const count = elementCount(other.shape);
  return count !== null && count === value.shape?.at(-1) && other.shape?.at(-1) === count;
}

/** Clip's bounds are operands; a kernel can take over only those known beforehand. */
function hasConstantBounds(node: Node): boolean {
  return node.inputs.slice(1).every((bound) => bound === null || bound.constant !== null);
}
