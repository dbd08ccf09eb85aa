import type { Graph, Node } from "@lowbit/ir";
import { isConversion } from "./fates.ts";
import { nodesWithin, restoredName } from "./tagged-model.ts";

/** What nodes of ONNX Runtime's graph are there for that no source node's name leads to. */
export interface AddedNodes {
  /** Source nodes that they are parts of, or that were moved to their place. */
  readonly sources: ReadonlyMap<Node, readonly Node[]>;
  /** What the others do, in words. */
  readonly purposes: ReadonlyMap<Node, string>;
}

/** What is known of source nodes. */
export interface Origins {
  readonly sources: readonly Node[];
  /** By the node that computes them. */
  readonly computed: ReadonlyMap<Node, readonly Node[]>;
  /** Those that no node computes by its name. */
  readonly removed: readonly Node[];
}

/** Ops that give the elements they get in another layout, shape or dtype. */
const keepElements: ReadonlySet<string> = new Set([
  ...["Transpose", "ReorderInput", "ReorderOutput", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Cast"],
]);

/**
 * Tells what ONNX Runtime's additions are there for: changes of layout, conversions that it moved past other nodes, and parts of
 * ops that it took apart.
 */
export function addedNodes(optimized: Graph, origins: Origins): AddedNodes {
  const sources = new Map<Node, readonly Node[]>();
  const purposes = new Map<Node, string>();
  for (const node of nodesWithin(optimized)) {
    if (origins.computed.has(node)) continue;
    const found = keepElements.has(node.op) ? null : (movedTo(node, origins) ?? partsOf(node, origins));
    if (found) sources.set(node, found);
    else purposes.set(node, purposeOf(node, origins));
  }
  return { sources, purposes };
}

/** The conversion that stands here now, which has the same scale; null for other nodes. */
function movedTo(node: Node, { removed }: Origins): readonly Node[] | null {
  if (!isConversion(node)) return null;
  const found = removed.filter((source) => source.op === node.op && source.inputs[1]?.name === node.inputs[1]?.name);
  return found.length > 0 ? found : null;
}

/** The op that was taken apart for what reads the node behind it; else what that reader computes, as the node is a part of it. */
function partsOf(node: Node, { computed, removed }: Origins): readonly Node[] | null {
  const [end] = isConversion(node) ? [] : endsBehind(node, computed);
  if (!end || typeof end === "string") return null;
  const read = computed.get(end)!.flatMap(({ inputs }) => inputs.flatMap((value) => value?.producer ?? []));
  const takenApart = read.filter((source) => removed.includes(source));
  return takenApart.length > 0 ? takenApart : computed.get(end)!;
}

function purposeOf(node: Node, origins: Origins): string {
  const text = (end: Node | string): string => {
    if (typeof end === "string") return `"${restoredName(end, origins.sources)}"`;
    const computed = origins.computed.get(end)!;
    const { op, label } = computed.find((source) => !isConversion(source)) ?? computed[0]!;
    return `${op} "${label}"`;
  };
  const place = `between ${text(endBefore(node, origins.computed))} and ${text(endsBehind(node, origins.computed)[0] ?? "nothing")}`;
  return isConversion(node) ? `conversion ${place}` : `layout ${place}`;
}

type Computed = Origins["computed"];

/** The node with sources that a node's data comes from, through other additions; the name of an input where none is. */
function endBefore(node: Node, computed: Computed): Node | string {
  let value = node.inputs[0]!;
  while (value.producer && !computed.has(value.producer)) {
    const next = value.producer.inputs[0];
    if (!next) break;
    value = next;
  }
  return value.producer && computed.has(value.producer) ? value.producer : value.name;
}

/** The nodes with sources that read what a node gives, through other additions; names of outputs among them. */
function endsBehind(node: Node, computed: Computed): readonly (Node | string)[] {
  return node.outputs.flatMap((value) => {
    if (!value) return [];
    const readers = value.users.flatMap((user) => (computed.has(user) ? [user] : endsBehind(user, computed)));
    return value.isGraphOutput ? [...readers, value.name] : readers;
  });
}
