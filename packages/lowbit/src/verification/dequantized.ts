import { isFloat, type Node, type Tensor, type Use, type Value } from "@lowbit/ir";

/** The codes that a float operand is made from. */
export interface Codes {
  readonly value: Value;
  readonly scale: Value | null;
  readonly zeroPoint: Value | null;
  /** Along which several scales run; null for one scale. */
  readonly axis: number | null;
}

/** The codes behind a float value; null when it does not come straight from a DequantizeLinear. */
export function codesBehind(value: Value | null): Codes | null {
  const producer = value?.producer ?? null;
  return producer?.is("DequantizeLinear") ? codesAt(producer, producer.inputs[0]!) : null;
}

/** The codes that a QuantizeLinear makes. */
export function codesMade(quantize: Node): Codes {
  return codesAt(quantize, quantize.outputs[0]!);
}

function codesAt(node: Node, value: Value): Codes {
  const [, scale = null, zeroPoint = null] = node.inputs;
  const scales = scale && dataOf(scale);
  return { value, scale, zeroPoint, axis: scales && scales.size > 1 ? node.int("axis", 1) : null };
}

/** What a value is known to hold. */
export function dataOf(value: Value): Tensor | null {
  return value.constant ?? (value.producer?.is("Constant") ? value.producer.tensor("value") : null);
}

/** Whether two codes have equal scales and zero points, as far as both are known. */
export function sameParameters(a: Codes, b: Codes): boolean {
  const same = (x: Value | null, y: Value | null): boolean => {
    const [p, q] = [x && dataOf(x), y && dataOf(y)];
    if (!p || !q) return x === y;
    const [m, n] = [p.numbers(), q.numbers()];
    return m.length === n.length && m.every((each, i) => each === n[i]);
  };
  return same(a.scale, b.scale) && same(a.zeroPoint, b.zeroPoint);
}

/** Operands that are float and not data of the model, with their slots. */
export function floatOperands(node: Node): readonly { readonly use: Use; readonly value: Value }[] {
  return node.operands.flatMap((use) => {
    const value = node.inputs[use.index] ?? null;
    return value?.dtype && isFloat(value.dtype) && !dataOf(value) ? [{ use, value }] : [];
  });
}
