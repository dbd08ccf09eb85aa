import { GraphEditor, type Node, type Value } from "@lowbit/ir";
import { definePass } from "@lowbit/rewrite";

const name = "concat-on-concat";

/** A concatenation that others may begin with. */
interface Beginning {
  readonly node: Node;
  readonly operands: readonly string[];
}

/**
 * Concat(a, b, c)  →  Concat(Concat(a, b), c) where an earlier float Concat(a, b) is there anyway, as in networks that give each layer
 * the results of all before it. ONNX Runtime turns codes into floats once for each op that reads them; so it does it once.
 */
export const concatOnConcat = definePass({
  name,
  summary: "Lets float concatenations begin with earlier ones of the same values, so that codes become floats once.",
  run(model, { explanation }) {
    const editor = new GraphEditor(model.graph);
    const earlier = new Map<string, Beginning[]>();
    let changed = 0;
    for (const node of model.graph.nodes) {
      if (!node.is("Concat") || isOnCodes(node)) continue;
      const operands = node.inputs.map(keyOf);
      const first = `${operands[0]} ${node.int("axis", 0)}`;
      const known = earlier.get(first) ?? [];
      const longest = known.findLast((each) => isBeginning(each.operands, operands));
      earlier.set(first, [...known, { node, operands }]);
      if (!longest) continue;
      const before = node.inputs;
      editor.setInputs(node, [longest.node.output, ...before.slice(longest.operands.length)]);
      for (const value of new Set(before)) if (value) eraseUnread(value, editor);
      explanation?.applied(name, node, [node.label, longest.node.label]);
      changed++;
    }
    return { changed };
  },
});

/** Whether ONNX Runtime has the whole op work on codes. */
function isOnCodes({ inputs, output }: Node): boolean {
  const readers = output.users;
  const leavesCodes = !output.isGraphOutput && readers.length > 0 && readers.every((node) => node.is("QuantizeLinear"));
  return leavesCodes && inputs.every((value) => value?.producer?.is("DequantizeLinear"));
}

/** The same for values that are the same floats: codes have a DequantizeLinear for each reader. */
function keyOf(value: Value | null): string {
  const made = value?.producer;
  return made?.is("DequantizeLinear") ? `(${made.inputs.map((each) => each?.name).join()})` : (value?.name ?? "");
}

function isBeginning(part: readonly string[], whole: readonly string[]): boolean {
  return part.length > 1 && part.length < whole.length && part.every((operand, i) => operand === whole[i]);
}

function eraseUnread({ producer, uses, isGraphOutput }: Value, editor: GraphEditor): void {
  if (producer?.is("DequantizeLinear") && uses.size === 0 && !isGraphOutput) editor.erase(producer);
}
