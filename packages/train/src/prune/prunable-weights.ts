import { hasTrait, isFloat, operandRole, schemaOf, type Graph, type Node, type Value } from "@lowbit/ir";
import { passesOn } from "../step/parameter-role.ts";

/** The weight of a linear op. */
export interface PrunableWeight {
  readonly value: Value;
  readonly node: Node;
  /** Axis of the weight that runs over input channels; null where the weight changes its layout before the op. */
  readonly inputAxis: number | null;
}

/** Float initializers with several axes that linear ops take as weights, in the graph's order, each once. */
export function prunableWeights(graph: Graph): readonly PrunableWeight[] {
  const found: PrunableWeight[] = [];
  for (const value of graph.initializers) {
    if (!isFloat(value.initializer!.dtype) || value.initializer!.dims.length < 2) continue;
    const reader = linearReader(value, true);
    if (reader) found.push({ value, ...reader });
  }
  return found;
}

function linearReader(
  value: Value,
  direct: boolean,
): { readonly node: Node; readonly inputAxis: number | null } | null {
  for (const { node, index } of value.uses) {
    const axis = hasTrait(node, "linear") ? inputAxisOf(node, index, value) : null;
    if (axis !== null) return { node, inputAxis: direct ? axis : null };
    const further = passesOn(node, index) ? linearReader(node.output, direct && node.op === "FakeQuantize") : null;
    if (further) return further;
  }
  return null;
}

/** The axis of input channels of a linear op's weight; null for another operand. */
export function inputAxisOf(node: Node, index: number, value: Value): number | null {
  const schema = schemaOf(node.op, node.domain);
  const { role, channelAxis } = schema ? operandRole(schema, index) : { role: "data", channelAxis: undefined };
  const rank = value.shape?.length;
  if (role !== "weight" || channelAxis === undefined || rank === undefined || rank < 2) return null;
  const given = typeof channelAxis === "number" ? channelAxis : channelAxis(node);
  const axis = given < 0 ? given + rank : given;
  // [outputs, inputs, ...] of Conv and transposed Gemm; the inputs stand before the outputs elsewhere.
  return axis === 0 ? 1 : axis - 1;
}
