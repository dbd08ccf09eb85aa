import { integerRange, type DType, type Node } from "@lowbit/ir";

/** Whether a FakeQuantize uses all codes of a dtype. */
export function usesWholeRange(node: Node, dtype: DType): boolean {
  const [least, most] = integerRange(dtype);
  return node.int("qmin", least) === least && node.int("qmax", most) === most;
}
