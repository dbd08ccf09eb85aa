import { lowbitDomain, type AttributeInput, type Node } from "@lowbit/ir";
import { any, initializer, op, optional, Reject, rule, rulePass } from "@lowbit/rewrite";

/**
 * BatchNormalization(op(x, W, b))  →  ConvBatchNormalization(x, W, b, gamma, beta, mean, variance),  op: Conv,
 * ConvTranspose or Gemm.
 */
const composeRule = rule({
  name: "compose-conv-batch-normalization",
  pattern: op(
    "BatchNormalization",
    [
      op(["Conv", "ConvTranspose", "Gemm"], [any("x"), initializer("w"), optional(initializer("b"))], {
        as: "linear",
        where: (node) => gemmObjection(node) ?? true,
      }),
      initializer("gamma"),
      initializer("beta"),
      initializer("mean"),
      initializer("variance"),
    ],
    { as: "bn", attributes: { training_mode: 0 } },
  ),
  rewrite({ x, w, b, gamma, beta, mean, variance, linear, bn }, { editor }) {
    if (b && b.initializer.dims.length !== 1) {
      return new Reject("its bias is not one number per output channel", linear);
    }
    const attributes: Record<string, AttributeInput> = Object.fromEntries(linear.attributes);
    attributes["op"] = linear.op;
    attributes["epsilon"] = bn.float("epsilon", 1e-5);
    attributes["momentum"] = bn.float("momentum", 0.9);
    const inputs = [x, w, b ?? null, gamma, beta, mean, variance];
    const name = linear.name || bn.name;
    const request = { domain: lowbitDomain, ...(name === "" ? {} : { name }) };
    return editor.node("ConvBatchNormalization", inputs, attributes, request).output;
  },
});

/** A Gemm whose scalings and transposition the composite's algebra does not cover, in words. */
function gemmObjection(node: Node): string | null {
  if (node.op !== "Gemm") return null;
  if (node.float("alpha", 1) !== 1 || node.float("beta", 1) !== 1) return "its alpha or beta is not 1";
  return node.int("transA", 0) === 0 ? null : "its first operand is transposed";
}

/**
 * Makes one node of Conv, ConvTranspose or Gemm and the BatchNormalization behind it, so that training can quantize the
 * weights as they are deployed: multiplied by the scale of the normalization.
 */
export const composeConvBatchNormalization = rulePass({
  name: "compose-conv-batch-normalization",
  summary: "Makes one ConvBatchNormalization of a convolution or Gemm and the BatchNormalization behind it.",
  rules: [composeRule],
});
