import { GraphEditor, hasTrait, type Node, type Value } from "@lowbit/ir";

/**
 * Erases the nodes that nobody reads among these and, in turn, among what they read; initializers they leave unused go
 * with them. Returns how many nodes went.
 */
export function eraseDead(editor: GraphEditor, nodes: readonly Node[]): number {
  const pending = [...nodes];
  let erased = 0;
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.erased || node.graph !== editor.graph || !isDead(node)) continue;
    const operands = new Set([...node.inputs].filter((value) => value !== null));
    editor.erase(node);
    erased++;
    for (const value of operands) {
      if (value.producer) pending.push(value.producer);
      else removeIfUnused(editor, value);
    }
  }
  return erased;
}

/** Whether nobody reads a node's results and it does nothing else either. */
export function isDead(node: Node): boolean {
  return node.outputs.every((value) => !value || isUnread(value)) && !hasTrait(node, "sideEffect");
}

/** Whether no node reads a value and no graph returns it. */
export function isUnread(value: Value): boolean {
  return value.uses.size === 0 && !value.isGraphOutput;
}

/** Removes an initializer that nobody reads, unless it is part of the graph's signature. */
export function removeIfUnused(editor: GraphEditor, value: Value): boolean {
  if (!value.initializer || value.isGraphInput || !isUnread(value)) return false;
  (value.graph === editor.graph ? editor : new GraphEditor(value.graph)).removeInitializer(value);
  return true;
}
