import { onlyReader, type Node, type Value } from "@lowbit/ir";

/** How a product of codes becomes floats where the scale of one operand is found while the model runs. */
export interface ScaledProduct {
  /** The nodes that do it, behind the product. */
  readonly nodes: readonly Node[];
  readonly result: Value;
  /** The node that multiplies both scales, that of the weights as its second operand; null where there is none. */
  readonly scales: Node | null;
}

/** Cast(product) · (s_a · s_b), the form of `--mode dynamic` and of ONNX Runtime's quantize_dynamic; null for other nodes. */
export function scaledProduct(node: Node): ScaledProduct | null {
  if (!node.is("MatMulInteger") && !node.is("ConvInteger")) return null;
  const cast = onlyReader(node.output);
  const product = cast?.is("Cast") ? onlyReader(cast.output) : null;
  if (!cast || !product?.is("Mul")) return null;
  const scales = product.inputs.find((value) => value !== cast.output)?.producer ?? null;
  return { nodes: [cast, product], result: product.output, scales: scales && multipliesScales(scales) ? scales : null };
}

/** Whether a node multiplies a scale that is found while the model runs by another one. */
export function multipliesScales(node: Node): boolean {
  const found = node.is("Mul") ? node.inputs[0]! : null;
  return found?.producer?.is("DynamicQuantizeLinear") === true && found.outputIndex === 1;
}
