import type { Node, Value } from "@lowbit/ir";
import { any, constant, op, Reject, rule, rulePass, type RewriteContext } from "@lowbit/rewrite";

/** Ops whose integer kernels end in codes that a clamp may follow. */
const computing: ReadonlySet<string> = new Set(["Conv", "Gemm", "MatMul", "Add", "Mul", "LeakyRelu"]);

/**
 * QuantizeLinear(Relu(p), s, z)  →  QuantizeLinear(Relu(DequantizeLinear(QuantizeLinear(p, s, z), s, z)), s, z)
 * for a product or sum p of dequantized operands; Clip alike.
 *
 * A clamp that codes do not do by themselves keeps ONNX Runtime from forming the integer kernel of the op before it. Behind
 * that kernel it clamps the same codes: rounding is monotonic, so it does not matter which comes first.
 */
const beforeClamp = rule({
  name: "quantize-before-clamp",
  pattern: op(
    "QuantizeLinear",
    [op(["Relu", "Clip"], [any("x")], { as: "clamp", moreOperands: true }), constant("scale"), constant("zero")],
    { as: "quantize" },
  ),
  rewrite({ x, clamp, scale, zero, quantize }, context) {
    if (!computesOnCodes(x.producer)) return new Reject("nothing that computes on codes stands before it", clamp);
    if (x.uses.size > 1 || x.isGraphOutput) return new Reject("what stands before it is read by others too", clamp);
    if (scale.constant.size !== 1) return new Reject("it has a scale per channel", quantize);
    return requantized(quantize, clamp, [x, scale, zero], context);
  },
});

/** Whether a node computes on codes: all its operands are dequantized. */
function computesOnCodes(node: Node | null): boolean {
  return (
    node !== null &&
    computing.has(node.op) &&
    node.inputs.every((value) => value === null || value.producer?.is("DequantizeLinear") === true)
  );
}

function requantized(
  quantize: Node,
  clamp: Node,
  [product, scale, zero]: readonly [Value, Value, Value],
  context: RewriteContext,
): Value {
  const codes = context.op.QuantizeLinear([product, scale, zero]);
  const floats = context.op.DequantizeLinear([codes, scale, zero]);
  const clamped = context.like(clamp, [floats, ...clamp.inputs.slice(1)]);
  return context.like(quantize, [clamped, scale, zero]);
}

/** Lets products and sums run on integers whose clamp is no end of the range of codes, as where a Concat shares its parameters. */
export const quantizeBeforeClamp = rulePass({
  name: "quantize-before-clamp",
  summary: "Quantizes the result of a product or sum before a Relu or Clip that saturation does not do.",
  rules: [beforeClamp],
});
