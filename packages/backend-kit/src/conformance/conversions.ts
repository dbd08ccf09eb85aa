import type { Graph, Node, Value } from "@lowbit/ir";
import { movesElements } from "@lowbit/quantize";

/** QuantizeLinear and DequantizeLinear of a lowered graph that do nothing or go nowhere, one sentence each. */
export function danglingConversions(graph: Graph): readonly string[] {
  return [...graph.nodes].flatMap((node) => {
    if (!node.is("QuantizeLinear") && !node.is("DequantizeLinear")) return [];
    const result = node.outputs[0]!;
    if (result.uses.size === 0 && !result.isGraphOutput) return [`nobody reads ${node.op} "${node.label}"`];
    const before = node.inputs[0]!.producer;
    return node.is("QuantizeLinear") && before?.is("DequantizeLinear") && sameOperands(node, before)
      ? [`QuantizeLinear "${node.label}" undoes DequantizeLinear "${before.label}"`]
      : [];
  });
}

/** Ops between codes that only move or choose elements, and change their scale or zero point on the way. */
export function brokenSharing(graph: Graph): readonly string[] {
  return [...graph.nodes].flatMap((node) => {
    if (!movesElements(node) || node.op.endsWith("QuantizeLinear")) return [];
    const before = node.inputs.flatMap((value) => (value?.producer?.is("DequantizeLinear") ? [value.producer] : []));
    const behind = node.outputs.flatMap((value) => value?.users.filter((user) => user.is("QuantizeLinear")) ?? []);
    const differs = before.some((from) => behind.some((to) => !sameOperands(from, to)));
    return differs ? [`${node.op} "${node.label}" has different parameters before and behind it`] : [];
  });
}

function sameOperands(a: Node, b: Node): boolean {
  const same = (x: Value | null | undefined, y: Value | null | undefined): boolean => {
    if (x === y) return true;
    const [p, q] = [x?.initializer?.numbers(), y?.initializer?.numbers()];
    return p !== undefined && q !== undefined && p.length === q.length && p.every((each, i) => each === q[i]);
  };
  return same(a.inputs[1], b.inputs[1]) && same(a.inputs[2], b.inputs[2]);
}
