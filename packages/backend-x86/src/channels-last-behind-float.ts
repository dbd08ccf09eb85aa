import { isStatic, Tensor, type Node, type Shape, type Value } from "@lowbit/ir";
import { any, constant, op, Reject, rule, rulePass, type RewriteContext } from "@lowbit/rewrite";

/** Ops that take codes in the order of whichever operand decides it. */
const followers: ReadonlySet<string> = new Set(["Add", "Mul", "Concat"]);

/**
 * QuantizeLinear(x)  →  Transpose(channels first, channels last(QuantizeLinear(x)))  for an image from a float kernel that both a
 * convolution and a sum, product or concatenation read.
 *
 * Kernels of convolutions on codes read channels last, and ONNX Runtime changes the order before each of them. Where another
 * op reads the image too, it keeps that op, and all sums behind it, in the order of the image: two changes for each block of
 * a residual network. A change of order that it does not see as one (a matrix transposed between two Reshapes) leaves it only
 * the one back, which it moves to where it is not needed.
 */
const channelsLastBehindFloatRule = rule({
  name: "channels-last-behind-float",
  pattern: op("QuantizeLinear", [any("x"), constant("scale"), constant("zero")], { as: "quantize" }),
  rewrite({ x, scale, zero, quantize }, context) {
    if (x.producer === null) return new Reject("it is an input, which nothing else reads", quantize);
    if (isOnCodes(x.producer)) return new Reject("it comes from a kernel on codes", quantize);
    if (x.shape?.length !== 4 || !isStatic(x.shape.slice(1)))
      return new Reject("it is no image of known size", quantize);
    const readers = readersOfCodes(quantize);
    if (readers === null) return new Reject("something else than a conversion reads the codes", quantize);
    if (!readers.some((node) => node.is("Conv") && isOnCodes(node)))
      return new Reject("no convolution on codes reads it", quantize);
    if (!readers.some((node) => followers.has(node.op) && isOnCodes(node)))
      return new Reject("nothing that keeps its order reads it", quantize);
    return turned(context.like(quantize, [x, scale, zero]), x.shape, context);
  },
});

/** The image with its channels last in memory, as one that has them first. */
function turned(codes: Value, shape: Shape, context: RewriteContext): Value {
  const [, channels, rows, columns] = shape as readonly number[] as [number, number, number, number];
  const ints = (name: string, ...numbers: readonly number[]): Value =>
    context.constant(Tensor.of("int64", numbers), name);
  const flat = context.op.Reshape([codes, ints("flat", 0, channels, rows * columns)]);
  const last = context.op.Transpose([flat], { perm: [0, 2, 1] });
  const image = context.op.Reshape([last, ints("image", 0, rows, columns, channels)]);
  return context.op.Transpose([image], { perm: [0, 3, 1, 2] });
}

/** What reads the floats that codes become again; null where the codes are read otherwise. */
function readersOfCodes({ output }: Node): readonly Node[] | null {
  if (output.isGraphOutput || !output.users.every((node) => node.is("DequantizeLinear"))) return null;
  return output.users.flatMap((node) => node.output.users);
}

/** Whether a node's operands, weights among them, are all codes. */
function isOnCodes({ inputs }: Node): boolean {
  return inputs.slice(0, 2).every((value) => value?.producer?.is("DequantizeLinear") ?? false);
}

/** Brings images from float kernels into the order of kernels on codes once, where sums would keep the other one. */
export const channelsLastBehindFloat = rulePass({
  name: "channels-last-behind-float",
  summary:
    "Moves the channels of a quantized image last behind a float kernel, where a convolution and a sum read it, so that ONNX Runtime does not do it before each convolution.",
  rules: [channelsLastBehindFloatRule],
});
