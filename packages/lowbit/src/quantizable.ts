import { cloneModel, type Model, type Node, type Value } from "@lowbit/ir";
import { floatPipeline, isUse } from "@lowbit/quantize";
import { kernelOp, type Backend } from "@lowbit/backend-kit";
import { runPasses } from "@lowbit/rewrite";
import { madeUpShapes } from "./made-up-feeds.ts";

/** What a backend would run on integers in a model. */
export interface Quantizable {
  readonly backend: string;
  /** By op, after the float optimizations: nodes that read or give codes, and nodes that stay float. */
  readonly ops: Readonly<Record<string, { readonly integer: number; readonly float: number }>>;
  readonly skipped: readonly SkippedNode[];
}

/** A node that stays float, and why. */
export interface SkippedNode {
  readonly node: string;
  readonly op: string;
  readonly reason: string;
}

/**
 * What a backend plans for a model, without data: what pays is decided for axes of the sizes that inputs are made up with.
 *
 * @throws CompileError what the passes or the backend throw
 */
export function quantizable(model: Model, backend: Backend, keepFloat: readonly string[] = []): Quantizable {
  const copy = cloneModel(model);
  runPasses(copy, floatPipeline(backend));
  const plan = backend.quantizer.annotate(copy.graph, { keepFloat, inputShapes: madeUpShapes(copy.graph.inputs) });
  const coded = new Set([...plan.specs.keys()].flatMap((point) => (isUse(point) ? [point.node] : nodesAt(point))));
  for (const { node } of plan.skipped) coded.delete(node);
  const ops = new Map<string, { integer: number; float: number }>();
  for (const node of copy.graph.nodes) {
    const counts = ops.get(node.op) ?? { integer: 0, float: 0 };
    counts[coded.has(node) ? "integer" : "float"]++;
    ops.set(node.op, counts);
  }
  return {
    backend: backend.name,
    ops: Object.fromEntries([...ops].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    skipped: plan.skipped.map(({ node, reason }) => ({ node: node.label, op: kernelOp(node).op, reason })),
  };
}

function nodesAt(value: Value): readonly Node[] {
  return value.producer ? [value.producer, ...value.users] : value.users;
}
