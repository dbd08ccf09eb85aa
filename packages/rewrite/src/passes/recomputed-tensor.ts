import { byteLength, elementCount, isStatic, Tensor, type Node, type TensorSource } from "@lowbit/ir";
import { evaluateNode } from "@lowbit/reference";

/** Bytes that are computed anew each time they are read, and stay with whoever read them. */
class RecomputedSource implements TensorSource {
  readonly byteLength: number;
  readonly read: () => Uint8Array;

  constructor(byteLength: number, read: () => Uint8Array) {
    this.byteLength = byteLength;
    this.read = read;
  }
}

/**
 * The result of a node over operands whose data lies in files, without reading them: a model larger than memory can be folded
 * and saved piece by piece. Null when no operand lies in a file, or the type of the result is not known.
 */
export function recomputedResult(node: Node, operands: readonly (Tensor | null)[]): Tensor | null {
  const { dtype, shape } = node.output;
  if (dtype === null || dtype === "string" || !isStatic(shape) || !operands.some(isInFile)) return null;
  const read = (): Uint8Array => evaluateNode(node, operands)[0]!.bytes();
  return new Tensor(dtype, shape, new RecomputedSource(byteLength(dtype, elementCount(shape)!), read));
}

function isInFile(tensor: Tensor | null): boolean {
  return tensor !== null && (tensor.source.external !== undefined || tensor.source instanceof RecomputedSource);
}
