import { parseGraph, schemaOf } from "@lowbit/ir";
import { formsOfNode, formsOfSchema } from "@lowbit/test-models";
import { floatTextOf } from "./graph-text.ts";
import { aspects } from "./op-aspects.ts";
import type { OpGraph } from "./op-graphs/op-graph.ts";

/** Ops whose attributes list a number per axis of an image: each is a form of its own along one, two and three axes. */
const windowed: ReadonlySet<string> = new Set(["Conv", "MaxPool", "AveragePool"]);

/** What a graph of an op can look like: every form of its schema, and every answer about what no attribute says. */
export function formsOf(op: string): readonly string[] {
  const prefixes = windowed.has(op) ? [1, 2, 3].map((axes) => `${op} along ${axes}`) : [op];
  return [
    ...formsOfSchema(op, schemaOf(op)!, { prefixes }),
    ...(aspects[op] ?? []).flatMap(({ answers }) => answers.map((answer) => `${op}: ${answer}`)),
  ];
}

/** The forms that a graph has. */
export function formsIn(graph: OpGraph): readonly string[] {
  const node = [...parseGraph(floatTextOf(graph)).nodes].find(({ op }) => op === graph.op)!;
  const { op } = node;
  const prefix = windowed.has(op) ? `${op} along ${(node.inputs[0]?.shape?.length ?? 2) - 2}` : op;
  return [...formsOfNode(node, prefix), ...(aspects[op] ?? []).map((aspect) => `${op}: ${aspect.of(node, graph)}`)];
}
