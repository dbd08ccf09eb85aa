import { Tensor, type Value } from "@lowbit/ir";
import { any, op, Reject, rule, rulePass } from "@lowbit/rewrite";
import { block } from "../placement/blocked-layout.ts";
import { elementwiseOperands, floatConvolution, poolBlocks } from "./float-convolution.ts";

/**
 * Elements of a plane from which it is filled row by row. The kernel fills all that comes of one element four times, with four
 * of 16 channels each, and larger planes leave the cache between (64 of 16 channels of 32x32: 320 µs, and 157 by rows; 3 blocks of
 * 16x16: 200 and 121; 8x8: 14 and 17).
 */
const inOneStep = 256;

/**
 * Mul(gate, x)  →  Mul(Resize(gate), x)  for an image x [n, c, h, w] and numbers for its channels [n, c, 1, 1], between float
 * convolutions: exact, each product has the same factors.
 *
 * Kernels of float convolutions leave channels in blocks of 16, which ONNX Runtime keeps through products of two images of
 * one size, but not through this one: it brings the image in order before it, and back into blocks behind it.
 */
const gatesInBlocksRule = rule({
  name: "gates-in-blocks",
  pattern: op("Mul", [any("a"), any("b")], { as: "product" }),
  rewrite({ a, b, product }, context) {
    const [gate, image] = isPerChannel(a, b) ? [a, b] : [b, a];
    if (!isPerChannel(gate, image)) return new Reject("it multiplies no image by a number per channel", product);
    const [, channels, rows, columns] = image.shape as readonly number[];
    if (channels! % block !== 0) return new Reject(`its image has ${channels} channels`, image);
    for (const value of [gate, image])
      if (!isInBlocks(value, new Set())) return new Reject("it is not from a float convolution", value);
    const isKept =
      !product.output.isGraphOutput && product.output.users.every((node) => floatConvolution(node) !== null);
    if (!isKept) return new Reject("not only float convolutions read it", product.output);
    const times = (value: Value, scales: readonly number[]): Value =>
      context.op.Resize([value, null, context.constant(Tensor.of("float", [1, 1, ...scales]), "scales")], {
        coordinate_transformation_mode: "asymmetric",
        mode: "nearest",
        nearest_mode: "floor",
      });
    const spread =
      rows! * columns! < inOneStep ? times(gate, [rows!, columns!]) : times(times(gate, [rows!, 1]), [1, columns!]);
    return context.like(product, [spread, image]);
  },
});

/** Whether a value has one element for each channel of each of several images of known size. */
function isPerChannel({ shape }: Value, { shape: whole }: Value): boolean {
  if (shape?.length !== 4 || whole?.length !== 4) return false;
  const [count, channels, rows, columns] = whole;
  if (count === null || ![channels, rows, columns].every((size) => typeof size === "number" && size > 0)) return false;
  return String(shape) === String([count, channels, 1, 1]) && (rows !== 1 || columns !== 1);
}

/** Whether ONNX Runtime has a value in blocks of channels: a float convolution makes it, or ops that keep blocks do from such. */
function isInBlocks(value: Value, seen: Set<Value>): boolean {
  if (seen.has(value)) return true;
  seen.add(value);
  const node = value.producer;
  if (!node) return false;
  if (floatConvolution(node)) return true;
  if (poolBlocks.has(node.op)) return Number(node.input.shape?.[1]) % block === 0 && isInBlocks(node.input, seen);
  return !node.is("Clip") && (elementwiseOperands(node)?.every((operand) => isInBlocks(operand, seen)) ?? false);
}

/** Spreads numbers per channel over images from float convolutions, so that channels stay in blocks. */
export const gatesInBlocks = rulePass({
  name: "gates-in-blocks",
  summary:
    "Spreads numbers per channel over the images that they are multiplied by between float convolutions, so that channels stay in blocks of 16.",
  rules: [gatesInBlocksRule],
});
