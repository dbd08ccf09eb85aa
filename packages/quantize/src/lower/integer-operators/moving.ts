import type { Node } from "@lowbit/ir";
import { any, constant, op, Reject, rule, type ConstantValue, type Rule } from "@lowbit/rewrite";
import { movesElements } from "../moves-elements.ts";

/** Q(op(DQ(a), ...))  →  op(a, ...)  for ops that only move or choose elements, under equal parameters on both sides. */
export const movingToIntegers: Rule = movingRule("moving-to-integers", movesElements);

/** The same for those of these ops that are accepted. A Pad fills with the zero point. */
export function movingRule(name: string, accepts: (node: Node) => boolean): Rule {
  return rule({
    name,
    pattern: op("QuantizeLinear", [any("moved"), constant("yScale"), constant("yZero")]),
    rewrite({ moved, yScale, yZero }, { like }) {
      const node = moved.producer;
      if (!node || node.outputs.length !== 1 || !accepts(node)) {
        return new Reject("is not computed by an op that keeps its elements", moved);
      }
      const dequantize = node.inputs[0]?.producer;
      const [codes, scale, zero] = dequantize?.is("DequantizeLinear") ? dequantize.inputs : [];
      if (!codes || !scale?.constant || !zero?.constant) return new Reject("its operand is not read as codes", node);
      if (moved.uses.size > 1 || moved.isGraphOutput) return new Reject("is also read as float", moved);
      const isSame = same(scale as ConstantValue, yScale) && same(zero as ConstantValue, yZero);
      if (!isSame) return new Reject("its operand has other parameters", node);
      if (node.is("Pad") && yZero.constant.dtype.endsWith("16")) return new Reject("no kernel pads 16-bit codes", node);
      const settings = node.inputs.slice(1);
      if (node.is("Pad")) settings[1] = zero;
      return like(node, [codes, ...settings]);
    },
  });
}

function same(a: ConstantValue, b: ConstantValue): boolean {
  const [one, other] = [a.constant, b.constant];
  return one.size === 1 && other.size === 1 && one.dtype === other.dtype && one.item() === other.item();
}
