import { Tensor, type Node, type Value } from "@lowbit/ir";
import { any, constant, op, Reject, rule, rulePass } from "@lowbit/rewrite";

/**
 * Conv(DequantizeLinear(a, s, z), w)  →  Conv(DequantizeLinear(a, [s, …, s], [z, …, z]), w), which is the same number by number.
 *
 * Between codes of one scale ONNX Runtime (WeightBiasQuantization) rounds float weights to int8 with one scale for all of
 * them and runs the node on integers, whatever the plan says. It does not where the data has a scale per channel.
 */
const scalePerChannel = rule({
  name: "keep-float-weights",
  pattern: op(
    ["Conv", "ConvTranspose", "Gemm"],
    [op("DequantizeLinear", [any("codes"), constant("scale"), constant("zero")]), constant("weight")],
    { as: "node", moreOperands: true },
  ),
  rewrite({ codes, scale, zero, weight, node }, context) {
    if (scale.constant.size !== 1) return new Reject("its data has more than one scale", scale);
    if (!endsInCodes(node)) return new Reject("no codes are made of its result alone", node);
    const sizes = codes.shape?.map((size, axis) => (axis === 1 ? channelsOf(node, weight.constant, size) : size));
    const axis = [1, 2, 3, 4].find((each) => typeof sizes?.[each] === "number" && sizes[each] > 1);
    if (axis === undefined) return new Reject("its data has no axis of known size", codes);
    const count = sizes![axis] as number;
    const repeated = (tensor: Tensor, name: string): Value =>
      context.constant(Tensor.of(tensor.dtype, Array<number>(count).fill(tensor.item())), name);
    const data = context.op.DequantizeLinear([codes, repeated(scale.constant, "s"), repeated(zero.constant, "z")], {
      axis,
    });
    return context.like(node, [data, ...node.inputs.slice(1)]);
  },
});

/** Channels of the data, which the weights tell where its shape does not. */
function channelsOf(node: Node, { dims }: Tensor, size: unknown): unknown {
  if (node.is("Conv")) return dims[1]! * node.int("group", 1);
  return node.is("ConvTranspose") ? dims[0] : size;
}

/** Whether a QuantizeLinear takes a result, and nothing else does, behind ops of one operand that fusions may take in. */
function endsInCodes(node: Node): boolean {
  for (let value = node.output; !value.isGraphOutput && value.uses.size === 1;) {
    const reader = [...value.uses][0]!.node;
    if (reader.is("QuantizeLinear")) return true;
    const isAlone = reader.inputs.every((other) => !other || other === value || other.constant !== null);
    if (!isAlone || reader.outputs.length !== 1) return false;
    value = reader.output;
  }
  return false;
}

/** Keeps ONNX Runtime from quantizing the weights of products that the plan leaves float between integer ones. */
export const keepFloatWeights = rulePass({
  name: "keep-float-weights",
  summary: "Keeps ONNX Runtime from rounding the weights of float products between codes.",
  rules: [scalePerChannel],
});
