import { integerRange, Tensor, type Node, type Value } from "@lowbit/ir";
import { evaluateNode } from "@lowbit/reference";
import { any, constant, op, optional, Reject, rule, rulePass, type RewriteContext } from "@lowbit/rewrite";

/** QuantizeLinear(Relu(x), s, z)  →  QuantizeLinear(x, s, z)  where z is the smallest code: saturation does the rest. */
const reluIntoQuantize = rule({
  name: "fold-relu-into-quantize",
  pattern: op("QuantizeLinear", [op("Relu", [any("x")], { as: "relu" }), any("scale"), constant("zero")], {
    as: "quantize",
  }),
  rewrite({ x, relu, quantize, zero }, context) {
    const [least] = integerRange(zero.constant.dtype);
    if (!zero.constant.numbers().every((code) => code === least)) {
      return new Reject(`the zero point is not the smallest code ${least}`, relu);
    }
    return quantized(quantize, x, context);
  },
});

/** QuantizeLinear(Clip(x, a, b), s, z)  →  QuantizeLinear(x, s, z)  where a and b become the smallest and largest code. */
const clipIntoQuantize = rule({
  name: "fold-clip-into-quantize",
  pattern: op(
    "QuantizeLinear",
    [
      op("Clip", [any("x"), optional(constant("low")), optional(constant("high"))], { as: "clip" }),
      constant("scale"),
      constant("zero"),
    ],
    { as: "quantize" },
  ),
  rewrite({ x, low, high, clip, quantize, scale, zero }, context) {
    const [least, most] = integerRange(zero.constant.dtype);
    const cutsOff = (bound: Tensor | undefined, code: number): boolean =>
      bound !== undefined && !codesOf(quantize, bound, scale.constant, zero.constant).every((each) => each === code);
    if (cutsOff(low?.constant, least)) return new Reject("codes below the lower bound exist", clip);
    if (cutsOff(high?.constant, most)) return new Reject("codes above the upper bound exist", clip);
    return quantized(quantize, x, context);
  },
});

/** The codes of one number under each scale of a QuantizeLinear. */
function codesOf(quantize: Node, bound: Tensor, scale: Tensor, zero: Tensor): readonly number[] {
  const [scales, zeros] = [scale.numbers(), zero.numbers()];
  return Array.from(scales, (each, i) => {
    const operands = [bound.reshape([]), Tensor.scalar("float", each), Tensor.scalar(zero.dtype, zeros[i]!)];
    return evaluateNode(quantize, operands)[0]!.item();
  });
}

function quantized(quantize: Node, x: Value, context: RewriteContext): Value {
  return context.like(quantize, [x, ...quantize.inputs.slice(1)]);
}

/** Removes clamps that saturation to the range of codes does anyway, exactly. */
export const foldClampIntoQuantize = rulePass({
  name: "fold-clamp-into-quantize",
  summary: "Removes Relu and Clip before a QuantizeLinear whose codes cannot leave their bounds.",
  rules: [reluIntoQuantize, clipIntoQuantize],
});
