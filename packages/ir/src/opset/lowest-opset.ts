import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import { canonicalOpset, type Model } from "../graph/model.ts";
import type { Node } from "../graph/node.ts";
import { sinceOf } from "../ops/define-op.ts";
import { isCanonicalForm } from "../ops/infer-node.ts";
import { schemaOf } from "../ops/registry.ts";
import type { DType } from "../types.ts";
import { irVersionOf } from "./ir-version.ts";

/** The opset that brought a dtype; all others were there from the start. */
const dtypeSince: Readonly<Partial<Record<DType, number>>> = {
  bfloat16: 13,
  float8e4m3fn: 19,
  float8e4m3fnuz: 19,
  float8e5m2: 19,
  float8e5m2fnuz: 19,
  int4: 21,
  uint4: 21,
  float4e2m1: 23,
  float8e8m0: 24,
  int2: 25,
  uint2: 25,
};

/**
 * The oldest opset of the ONNX domain in which a model in canonical form means the same: the newest among the `since`
 * of its nodes' ops (for what each node uses of them) and the opsets that brought the dtypes it uses.
 *
 * A node of the ONNX domain without a schema, or with attributes its schema does not know, keeps the model in the opset
 * it is in. Local functions have opsets of their
 * own and do not count.
 */
export function lowestOpset(model: Model): number {
  return lowestOpsetOf(model.graph, model.opsets.get("") ?? canonicalOpset);
}

/** As `lowestOpset`, for one graph that is written in the opset `current`. */
export function lowestOpsetOf(root: Graph, current: number): number {
  let lowest = 1;
  for (const graph of graphsIn(root)) {
    for (const value of graph.values.values()) {
      if (value.dtype !== null) lowest = Math.max(lowest, dtypeSince[value.dtype] ?? 1);
    }
    for (const node of graph.nodes) if (node.domain === "") lowest = Math.max(lowest, since(node, current));
  }
  return Math.min(lowest, current);
}

/**
 * Declares a model in canonical form to be written in the lowest opset that can say it, but not below `floor`, for
 * runtimes that do not know the newest one. The IR version follows.
 */
export function lowerOpset(model: Model, floor = 13): void {
  const current = model.opsets.get("");
  if (current === undefined) return;
  const opset = Math.min(current, Math.max(lowestOpset(model), floor));
  model.opsets.set("", opset);
  model.irVersion = Math.max(irVersionOf(opset), model.functions.length > 0 ? 8 : 4);
}

function since(node: Node, current: number): number {
  const schema = schemaOf(node.op, node.domain);
  return schema && isCanonicalForm(node, schema) ? sinceOf(schema, node) : current;
}

function* graphsIn(root: Graph): Generator<Graph> {
  const pending = [root];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    yield graph;
    for (const node of graph.nodes) {
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
}
