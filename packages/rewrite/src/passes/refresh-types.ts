import { sameType, type Dim, type GraphEditor, type Node, type Value, type ValueType } from "@lowbit/ir";

/**
 * Infers the types of a node's results anew, now that its operands may be better known. What was known before stays known.
 * Returns whether something was learnt.
 *
 * @throws CompileError `shape/mismatch`
 */
export function refreshTypes(editor: GraphEditor, node: Node): boolean {
  const known = node.outputs.map((value) => value?.type ?? null);
  editor.infer(node);
  let learnt = false;
  for (const [index, value] of node.outputs.entries()) {
    const before = known[index]!;
    if (!value || before === null) {
      learnt ||= (value?.type ?? null) !== before;
      continue;
    }
    editor.setType(value, merged(value, before));
    learnt ||= !sameType(value.type, before);
  }
  return learnt;
}

/** Symbols that inference makes for dimensions it cannot tell, after the value and the axis. */
const madeUp = /__dim\d+$/;

/** The inferred type of a value, with the dimensions filled in that only the old type has a number or a name for. */
function merged(value: Value, old: ValueType): ValueType | null {
  const { type, shape } = value;
  if (type?.kind !== "tensor" || old.kind !== "tensor" || old.shape === null) return type;
  if (shape === null) return type.dtype === old.dtype ? { ...type, shape: old.shape } : type;
  if (shape.length !== old.shape.length) return type;
  const dims = shape.map((dim, axis): Dim => {
    if (typeof dim === "number") return dim;
    const isMadeUp = dim === null || madeUp.test(dim);
    return typeof old.shape![axis] === "number" || isMadeUp ? (old.shape![axis] ?? dim) : dim;
  });
  return { ...type, shape: dims };
}
