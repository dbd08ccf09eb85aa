import type { Tensor } from "../tensor.ts";
import { sameType, typeText } from "../types.ts";

/** What two graphs may differ in and still be equal. */
export interface EqualOptions {
  /** Tensors whose elements are not compared; dtype and dimensions always are. */
  readonly ignoreData?: (tensor: Tensor) => boolean;
  /** Doc strings and metadata of graphs and nodes, which the text form does not show. */
  readonly ignoreDescriptions?: boolean;
}

/** The difference between two tensors in words, or null when they are equal bit for bit. */
export function equalTensors(a: Tensor, b: Tensor, options: EqualOptions = {}): string | null {
  if (!sameType(a.type, b.type)) return `data is ${typeText(a.type)} and ${typeText(b.type)}`;
  if (a.source === b.source || options.ignoreData?.(a)) return null;
  const same = a.strings
    ? b.strings !== null && a.strings.every((string, index) => sameBytes(string, b.strings![index]!))
    : sameBytes(a.bytes(), b.bytes());
  return same ? null : "elements differ";
}

/** Whether two byte arrays are identical. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
