import { blockedDomain } from "@lowbit/runtime";
import { processorCores } from "./processor-cores.ts";
import { elementCount, operandRole, schemaOf, type Graph, type Node } from "@lowbit/ir";

/** Multiply-accumulates of a step, there and back, below which a second thread costs more than it brings. */
const worthSharing = 4e6;

/**
 * How many threads a training step should use when nobody says: one for small steps, where waiting for each other takes
 * longer than the work; otherwise one per core, or ONNX Runtime's own choice (undefined) where cores cannot be counted. Shapes
 * must be static.
 */
export function threadsFor(graph: Graph): number | undefined {
  let products = 0;
  for (const node of graph.nodes) products += multiplyAccumulates(node);
  return products < worthSharing ? 1 : processorCores();
}

/** Elements of the result times the elements of one output channel's weights, for nodes that have weights. */
function multiplyAccumulates(node: Node): number {
  const schema = schemaOf(node.op, node.domain === blockedDomain ? "" : node.domain);
  if (!schema?.traits.includes("linear")) return 0;
  const weight = node.inputs[1];
  const { channelAxis } = operandRole(schema, 1);
  if (!weight?.shape || channelAxis === undefined) return 0;
  const axis = typeof channelAxis === "number" ? channelAxis : channelAxis(node);
  const channels = weight.shape.at(axis);
  const results = elementCount(node.output.shape);
  const weights = elementCount(weight.shape);
  if (typeof channels !== "number" || results === null || weights === null) return 0;
  return (results * weights) / channels;
}
