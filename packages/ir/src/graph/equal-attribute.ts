import { isDeepStrictEqual } from "node:util";
import { sameType, typeText, type ValueType } from "../types.ts";
import type { Attribute, OpaqueMessage, StringValue } from "./attribute.ts";
import { equalTensors, sameBytes, type EqualOptions } from "./equal-tensor.ts";
import type { Graph } from "./graph.ts";

/** Two graphs still to be compared, and what to call them. */
export interface Pair {
  readonly a: Graph;
  readonly b: Graph;
  readonly path: string;
}

type ValueOf<K extends Attribute["kind"]> = Extract<Attribute, { kind: K }>["value"];

/** How each kind of attribute is compared; bodies are put aside, so that nesting costs no stack. */
type Comparisons = {
  readonly [K in Attribute["kind"]]: (
    a: ValueOf<K>,
    b: ValueOf<K>,
    options: EqualOptions,
    bodies: Pair[],
  ) => string | null;
};

const comparisons: Comparisons = {
  float: compareFloats,
  int: compareIntegers,
  string: compareStrings,
  tensor: equalTensors,
  graph: (a, b, _, bodies) => {
    bodies.push({ a, b, path: "" });
    return null;
  },
  type_proto: compareTypes,
  sparse_tensor: compareMessages,
  floats: (a, b) => eachOf(a, b, compareFloats),
  ints: (a, b) => eachOf(a, b, compareIntegers),
  strings: (a, b) => eachOf(a, b, compareStrings),
  tensors: (a, b, options) => eachOf(a, b, (left, right) => equalTensors(left, right, options)),
  graphs: (a, b, options, bodies) => eachOf(a, b, (left, right) => comparisons.graph(left, right, options, bodies)),
  type_protos: (a, b) => eachOf(a, b, compareTypes),
  sparse_tensors: (a, b) => eachOf(a, b, compareMessages),
  ref: (a, b) => (a === b ? null : `references to ${a} and ${b}`),
};

/** The difference between two attributes of one name in words, or null; graphs in them are added to `bodies`. */
export function equalAttributes(
  name: string,
  a: Attribute,
  b: Attribute,
  options: EqualOptions,
  bodies: Pair[],
): string | null {
  const kinds = [a, b].map((attribute) => (attribute.kind === "ref" ? `reference of ${attribute.of}` : attribute.kind));
  if (kinds[0] !== kinds[1]) return `attribute ${name} is ${kinds[0]} and ${kinds[1]}`;
  if (a.kind === "tensor" && b.kind === "tensor" && (a.name ?? "") !== (b.name ?? "")) {
    return `attribute ${name}: tensor names are "${a.name ?? ""}" and "${b.name ?? ""}"`;
  }
  const from = bodies.length;
  const difference = compare(a.kind, a, b, options, bodies);
  for (let i = from; i < bodies.length; i++) bodies[i] = { ...bodies[i]!, path: `attribute ${name}: ` };
  return difference === null ? null : `attribute ${name}: ${difference}`;
}

/** `a` and `b` are of the kind, which is passed on its own so that its comparison's types follow from it. */
function compare<K extends Attribute["kind"]>(
  kind: K,
  a: Attribute,
  b: Attribute,
  options: EqualOptions,
  bodies: Pair[],
): string | null {
  return comparisons[kind](a.value as ValueOf<K>, b.value as ValueOf<K>, options, bodies);
}

function eachOf<T>(a: readonly T[], b: readonly T[], difference: (a: T, b: T) => string | null): string | null {
  if (a.length !== b.length) return `${a.length} and ${b.length} elements`;
  for (const [index, left] of a.entries()) {
    const found = difference(left, b[index]!);
    if (found !== null) return `element ${index}: ${found}`;
  }
  return null;
}

function compareFloats(a: number, b: number): string | null {
  return Object.is(a, b) ? null : `${a} and ${b}`;
}

function compareIntegers(a: bigint, b: bigint): string | null {
  return a === b ? null : `${a} and ${b}`;
}

/** Text and bytes of the same string are equal. */
function compareStrings(a: StringValue, b: StringValue): string | null {
  const same = typeof a === "string" && typeof b === "string" ? a === b : sameBytes(Buffer.from(a), Buffer.from(b));
  return same ? null : "strings differ";
}

function compareTypes(a: ValueType, b: ValueType): string | null {
  return sameType(a, b) ? null : `${typeText(a)} and ${typeText(b)}`;
}

function compareMessages(a: OpaqueMessage, b: OpaqueMessage): string | null {
  return isDeepStrictEqual(a.message, b.message) ? null : "sparse tensors differ";
}
