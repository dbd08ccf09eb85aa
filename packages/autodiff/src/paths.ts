import { captured, hasBody, isFloat, type Graph, type Node, type Value } from "@lowbit/ir";
import type { GradientEntry } from "./gradient-rule.ts";

/** The part of a graph that gradients flow through, from some values (sources) to others (targets). */
export interface Paths {
  /** Nodes on a path, in graph order. */
  readonly nodes: readonly Node[];
  /** Whether a value depends on a source, differentiably. */
  dependsOnSource(value: Value): boolean;
  /** A path through a node in words: `source -> node -> ... -> target`. */
  describe(node: Node): string;
}

/** Most steps of a path that an error shows; longer ones lose their middle. */
const shownSteps = 8;

/** Finds what lies between `sources` and `targets`; `entryOf` tells which ops stop every gradient. */
export function findPaths(
  graph: Graph,
  sources: readonly Value[],
  targets: readonly Value[],
  entryOf: (node: Node) => GradientEntry,
): Paths {
  /** Values that depend on a source, with the operand they got it from. */
  const from = new Map<Value, Value | null>(sources.map((value) => [value, null]));
  for (const node of graph.nodes) {
    const entry = entryOf(node);
    if (isZero(entry)) continue;
    const carrier = readValues(node).find((value) => from.has(value));
    if (!carrier) continue;
    for (const output of node.outputs) {
      if (output && carriesGradient(output, carrier, entry)) from.set(output, carrier);
    }
  }
  /** Values that a target depends on, with the result through which it does. */
  const toward = new Map<Value, Value | null>();
  const nodes: Node[] = [];
  for (const target of targets) if (from.has(target)) toward.set(target, null);
  for (const node of graph.nodes.reversed()) {
    const result = node.outputs.find((output) => output && toward.has(output) && from.get(output));
    if (!result) continue;
    nodes.push(node);
    for (const value of readValues(node)) if (from.has(value) && !toward.has(value)) toward.set(value, result);
  }
  return {
    nodes: nodes.reverse(),
    dependsOnSource: (value) => from.has(value),
    describe: (node) => describePath(node, from, toward),
  };
}

function isZero(entry: GradientEntry): boolean {
  return typeof entry !== "function" && entry.kind === "zero";
}

/** Integers carry no derivative, unless they are codes of real numbers: made so by the op, or passed on by it. */
function carriesGradient(output: Value, carrier: Value, entry: GradientEntry): boolean {
  if (output.dtype === null || isFloat(output.dtype)) return true;
  const makesCodes = typeof entry !== "function" && entry.kind === "codes";
  return makesCodes || output.dtype === carrier.dtype;
}

/** Operands of a node, and what bodies inside it read from the graph around. */
function readValues(node: Node): readonly Value[] {
  const values = node.inputs.filter((value) => value !== null);
  return hasBody(node) ? [...values, ...captured(node)] : values;
}

function describePath(
  node: Node,
  from: ReadonlyMap<Value, Value | null>,
  toward: ReadonlyMap<Value, Value | null>,
): string {
  const steps = [node.label];
  const carrier = readValues(node).find((value) => from.has(value)) ?? null;
  for (let value = carrier; value; value = from.get(value) ?? null) steps.unshift(labelOf(value));
  const result = node.outputs.find((output) => output && toward.has(output)) ?? null;
  for (let value = result && toward.get(result); value; value = toward.get(value) ?? null) steps.push(labelOf(value));
  const middle = steps.length > shownSteps ? ["...", ...steps.slice(-shownSteps / 2)] : [];
  return [...steps.slice(0, middle.length > 0 ? shownSteps / 2 : steps.length), ...middle].join(" -> ");
}

function labelOf(value: Value): string {
  return value.producer?.label ?? value.name;
}
