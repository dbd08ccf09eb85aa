import { Tensor, type Node } from "@lowbit/ir";
import { any, constant, op, Reject, rule, rulePass } from "@lowbit/rewrite";

/**
 * QuantizeLinear(MaxPool(x), s, z)  →  QuantizeLinear(MaxPool(x), [s, s, …], [z, z, …], axis = 1)  for float x.
 *
 * ONNX Runtime moves a QuantizeLinear with one scale before the pooling, whose kernel for codes in NCHW is many times
 * slower than the float one. It does not move one with a scale per channel, and equal scales change nothing.
 */
const quantizeBehindPoolRule = rule({
  name: "quantize-behind-pool",
  pattern: op(
    "QuantizeLinear",
    [op("MaxPool", [any("x")], { outputs: ["pooled"] }), constant("scale"), constant("zero")],
    { as: "quantize" },
  ),
  rewrite({ x, pooled, scale, zero, quantize }, context) {
    if (isDequantized(x.producer)) return new Reject("the pooling runs on codes", quantize);
    if (scale.constant.dims.length !== 0) return new Reject("it has a scale per channel already", quantize);
    const channels = pooled!.shape?.[1];
    if (typeof channels !== "number") return new Reject("the number of channels is unknown", quantize);
    const repeated = (tensor: Tensor): Tensor =>
      Tensor.of(tensor.dtype, new Float32Array(channels).fill(tensor.item()), [channels]);
    const operands = [
      pooled!,
      context.constant(repeated(scale.constant), "s"),
      context.constant(repeated(zero.constant), "z"),
    ];
    return context.like(quantize, operands, { axis: 1 });
  },
});

function isDequantized(node: Node | null): boolean {
  return node?.is("DequantizeLinear") ?? false;
}

/** Keeps quantization behind the MaxPool of a float region, where ONNX Runtime would move it before the pooling. */
export const quantizeBehindPool = rulePass({
  name: "quantize-behind-pool",
  summary: "Quantizes the result of a float MaxPool per channel with equal scales, so that the pooling stays float.",
  rules: [quantizeBehindPoolRule],
});
