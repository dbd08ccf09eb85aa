import { codeOfDType, Tensor, type GraphEditor, type Value } from "@lowbit/ir";

/**
 * dy where a code lies strictly between the outermost ones, 0 elsewhere. In integer kernels these two codes are all that
 * is left of what was clipped, by the range or by a clamp such as ReLU.
 */
export function codesWithin(
  editor: GraphEditor,
  dy: Value,
  codes: Value,
  [qmin, qmax]: readonly [number, number],
): Value {
  const { op } = editor;
  const bound = (code: number, name: string): Value => editor.initializer(Tensor.scalar(codes.dtype!, code), name);
  const inside = op.Equal([op.Clip([codes, bound(qmin + 1, "least_free"), bound(qmax - 1, "most_free")]), codes]);
  return op.Mul([dy, op.Cast([inside], { to: codeOfDType(dy.dtype!) })]);
}
