import type { GraphEditor, Node, Tensor } from "@lowbit/ir";

/** Gives a node an operand of its own: others may read what it had. */
export function setOperand(node: Node, index: number, data: Tensor, editor: GraphEditor): void {
  const before = node.inputs[index]!;
  editor.setInputs(node, node.inputs.with(index, editor.initializer(data, before.name)));
  if (before.uses.size === 0 && !before.isGraphOutput && !before.isGraphInput) editor.removeInitializer(before);
}
