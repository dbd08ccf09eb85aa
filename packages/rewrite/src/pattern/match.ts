import type { Node } from "@lowbit/ir";
import { MatchState, Trail, type Mismatch } from "./match-state.ts";
import type { Pattern } from "./pattern.ts";

/** A match with what it captured and its nodes (root first), or why there is none. */
export type Match<C> =
  | { readonly ok: true; readonly captures: C; readonly nodes: readonly Node[] }
  | ({ readonly ok: false } & Mismatch);

/** Matches a pattern at a node: the pattern describes the node's first output. The graph is not changed. */
export function matchAt<C>(pattern: Pattern<C>, root: Node): Match<C> {
  const trail = new Trail();
  const value = root.outputs.find((output) => output !== null) ?? null;
  const found = pattern.match(value, MatchState.start(root, trail), (state) =>
    interiorIsPrivate(state) ? state : null,
  );
  if (!found) return { ok: false, ...(trail.deepest ?? { reason: "does not match", at: root }) };
  return { ok: true, captures: found.captures(pattern.names) as C, nodes: nodesOf(found) };
}

function nodesOf(state: MatchState): readonly Node[] {
  const nodes = new Set<Node>();
  for (let entry = state.nodes; entry; entry = entry.rest) nodes.add(entry.node);
  return [...nodes].reverse();
}

/** Whether nodes outside the match read only the root and the nodes the pattern calls shared. */
function interiorIsPrivate(state: MatchState): boolean {
  const inside = new Set(nodesOf(state));
  for (let entry = state.nodes; entry; entry = entry.rest) {
    if (entry.shared || entry.node === state.root) continue;
    for (const value of entry.node.outputs) {
      if (!value) continue;
      if (value.isGraphOutput) return noted(state, value, () => "is also a graph output");
      for (const use of value.uses) {
        if (!inside.has(use.node)) return noted(state, value, () => `is also read by ${use.node.label}`);
      }
    }
  }
  return true;
}

function noted(state: MatchState, at: Mismatch["at"], reason: () => string): boolean {
  state.fail(at, reason);
  return false;
}
