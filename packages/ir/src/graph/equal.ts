import { isDeepStrictEqual } from "node:util";
import { sameType, typeText } from "../types.ts";
import { equalAttributes, type Pair } from "./equal-attribute.ts";
import { equalTensors, type EqualOptions } from "./equal-tensor.ts";
import type { Graph } from "./graph.ts";
import type { LocalFunction, Model } from "./model.ts";
import type { Node } from "./node.ts";
import type { Value } from "./value.ts";

/**
 * The first difference between two graphs in words, or null when they are equal: names, types, data, roles,
 * attributes and bodies, nodes in order. Origins and carried protobuf content are not compared, nor is the order of
 * initializers and attributes.
 */
export function equalGraphs(a: Graph, b: Graph, options: EqualOptions = {}): string | null {
  const pending: Pair[] = [{ a, b, path: "" }];
  for (let pair = pending.pop(); pair; pair = pending.pop()) {
    const bodies: Pair[] = [];
    const difference = compareGraphs(pair, options, bodies);
    if (difference !== null) return pair.path + difference;
    for (const body of bodies.reverse()) pending.push({ ...body, path: pair.path + body.path });
  }
  return null;
}

/** The first difference between two models in words, or null when they are equal; see `equalGraphs`. */
export function equalModels(a: Model, b: Model, options: EqualOptions = {}): string | null {
  for (const key of ["irVersion", "producerName", "producerVersion", "domain", "modelVersion", "docString"] as const) {
    if (a[key] !== b[key]) return `${key} is "${a[key]}" and "${b[key]}"`;
  }
  return (
    different("opsets", a.opsets, b.opsets) ??
    different("metadata", a.metadata, b.metadata) ??
    equalGraphs(a.graph, b.graph, options) ??
    compareFunctions(a.functions, b.functions, options)
  );
}

function compareFunctions(
  a: readonly LocalFunction[],
  b: readonly LocalFunction[],
  options: EqualOptions,
): string | null {
  if (a.length !== b.length) return `${a.length} and ${b.length} local functions`;
  for (const [index, left] of a.entries()) {
    const right = b[index]!;
    const path = `function ${left.domain}.${left.name}: `;
    for (const key of ["domain", "name", "overload", "docString"] as const) {
      if (left[key] !== right[key]) return `${path}${key} is "${left[key]}" and "${right[key]}"`;
    }
    const difference =
      different("opsets", left.opsets, right.opsets) ??
      (options.ignoreDescriptions ? null : different("metadata", left.metadata, right.metadata)) ??
      compareFormals(left, right, options) ??
      equalGraphs(left.body, right.body, options);
    if (difference !== null) return path + difference;
  }
  return null;
}

function compareFormals(a: LocalFunction, b: LocalFunction, options: EqualOptions): string | null {
  const names = (local: LocalFunction): string => local.attributes.map(({ name, kind }) => `${name}:${kind}`).join();
  if (names(a) !== names(b)) return `attributes are ${names(a)} and ${names(b)}`;
  for (const [index, { name, default: left }] of a.attributes.entries()) {
    const right = b.attributes[index]!.default;
    if (left === undefined || right === undefined) {
      if (left !== right) return `only one has a default for attribute ${name}`;
      continue;
    }
    const bodies: Pair[] = [];
    const difference = equalAttributes(name, left, right, options, bodies);
    if (difference !== null) return difference;
    for (const body of bodies) {
      const inside = equalGraphs(body.a, body.b, options);
      if (inside !== null) return body.path + inside;
    }
  }
  return null;
}

function compareGraphs({ a, b }: Pair, options: EqualOptions, bodies: Pair[]): string | null {
  if (a.name !== b.name) return `graph names are "${a.name}" and "${b.name}"`;
  if (!options.ignoreDescriptions) {
    if (a.docString !== b.docString) return `graph doc strings are "${a.docString}" and "${b.docString}"`;
    const metadata = different("graph metadata", a.metadata, b.metadata);
    if (metadata !== null) return metadata;
  }
  return (
    different("inputs", a.inputs.map(nameOf), b.inputs.map(nameOf)) ??
    different("outputs", a.outputs.map(nameOf), b.outputs.map(nameOf)) ??
    different("initializers", [...a.initializers].map(nameOf).sort(), [...b.initializers].map(nameOf).sort()) ??
    compareNodes(a, b, options, bodies) ??
    compareValues(a, b, options)
  );
}

function compareValues(a: Graph, b: Graph, options: EqualOptions): string | null {
  for (const left of a.values.values()) {
    const right = b.value(left.name);
    if (right === null) return `only one has a value "${left.name}"`;
    const difference = compareValue(left, right, options);
    if (difference !== null) return `value "${left.name}": ${difference}`;
  }
  return a.values.size === b.values.size ? null : `${a.values.size} and ${b.values.size} values`;
}

function compareValue(a: Value, b: Value, options: EqualOptions): string | null {
  if (!sameType(a.type, b.type)) return `types are ${typeText(a.type)} and ${typeText(b.type)}`;
  if (a.role !== b.role) return `roles are ${a.role} and ${b.role}`;
  if (a.initializer === null || b.initializer === null) {
    return a.initializer === b.initializer ? null : "only one has data";
  }
  return equalTensors(a.initializer, b.initializer, options);
}

function compareNodes(a: Graph, b: Graph, options: EqualOptions, bodies: Pair[]): string | null {
  if (a.nodes.length !== b.nodes.length) return `${a.nodes.length} and ${b.nodes.length} nodes`;
  let index = 0;
  for (let left = a.nodes.first, right = b.nodes.first; left && right; left = left.next, right = right.next) {
    const from = bodies.length;
    const difference = compareNode(left, right, options, bodies);
    const path = `node ${index} (${left.op} "${left.label}"): `;
    if (difference !== null) return path + difference;
    for (let i = from; i < bodies.length; i++) bodies[i] = { ...bodies[i]!, path: path + bodies[i]!.path };
    index++;
  }
  return null;
}

function compareNode(a: Node, b: Node, options: EqualOptions, bodies: Pair[]): string | null {
  for (const key of ["op", "domain", "name", "overload"] as const) {
    if (a[key] !== b[key]) return `${key} is "${a[key]}" and "${b[key]}"`;
  }
  if (!options.ignoreDescriptions) {
    if (a.docString !== b.docString) return `doc strings are "${a.docString}" and "${b.docString}"`;
    const metadata = different("metadata", a.metadata, b.metadata);
    if (metadata !== null) return metadata;
  }
  const operands =
    different("operands", a.inputs.map(operandName), b.inputs.map(operandName)) ??
    different("results", a.outputs.map(operandName), b.outputs.map(operandName)) ??
    different("attributes", [...a.attributes.keys()].sort(), [...b.attributes.keys()].sort());
  if (operands !== null) return operands;
  for (const [name, attribute] of a.attributes) {
    const difference = equalAttributes(name, attribute, b.attributes.get(name)!, options, bodies);
    if (difference !== null) return difference;
  }
  return null;
}

function nameOf(value: Value): string {
  return value.name;
}

function operandName(value: Value | null): string | null {
  return value?.name ?? null;
}

type Names = readonly (string | null)[] | ReadonlyMap<string, string | number>;

function different(what: string, a: Names, b: Names): string | null {
  if (isDeepStrictEqual(a, b)) return null;
  return `${what} are ${JSON.stringify([...a])} and ${JSON.stringify([...b])}`;
}
