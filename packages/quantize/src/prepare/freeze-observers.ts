import { GraphEditor, lowbitDomain, type Graph, type Node, type Value } from "@lowbit/ir";

/**
 * Stops the ranges of activations: removes what moves the range buffers, in place. Weights go on following their data.
 * Returns how many buffers no longer move.
 */
export function freezeObservers(graph: Graph): number {
  const editor = new GraphEditor(graph);
  const updates = [...graph.nodes].filter(isRangeUpdate);
  for (const node of updates) {
    const value = node.inputs[1]!;
    editor.erase(node);
    eraseUnread(editor, value);
  }
  return updates.length;
}

function isRangeUpdate(node: Node): boolean {
  const observer = node.is("Assign", lowbitDomain) ? node.inputs[1]?.producer : null;
  return observer?.is("ObserveRange", lowbitDomain) ?? false;
}

/** Erases the producer of a value when nobody reads any of its results, and so on up; initializers go too. */
function eraseUnread(editor: GraphEditor, value: Value): void {
  const node = value.producer;
  const isUnread = (each: Value | null): boolean => each === null || (each.uses.size === 0 && !each.isGraphOutput);
  if (node === null) {
    if (value.initializer && value.role === "constant" && !value.isGraphInput && isUnread(value)) {
      editor.removeInitializer(value);
    }
    return;
  }
  if (node.erased || !node.outputs.every(isUnread)) return;
  const operands = node.inputs;
  editor.erase(node);
  for (const operand of new Set(operands)) if (operand) eraseUnread(editor, operand);
}

/** Lets a prepared graph compute in float again, in place, while its observers see the values: the first step of training. */
export function bypassFakeQuantize(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let bypassed = 0;
  for (const node of graph.nodes) {
    if (!node.is("FakeQuantize", lowbitDomain)) continue;
    const parameters = node.inputs.slice(1);
    editor.replaceAllUses(node.output, node.input);
    editor.erase(node);
    for (const value of parameters) if (value) eraseUnread(editor, value);
    bypassed++;
  }
  return bypassed;
}
