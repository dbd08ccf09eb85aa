import { layoutLevel, type LevelBox, type LevelEdge, type LevelLayout } from "./level-layout.ts";
import type { ReportBlock, ReportEdge, ReportNode } from "../report-data.ts";

/** What stands in a level: a node, a block, or a value that comes in from outside or goes out of the level. */
export type LevelItem =
  | { readonly kind: "node" | "block"; readonly index: number }
  /** @property index of the node outside that makes it, or of the one inside */
  | { readonly kind: "in" | "out"; readonly index: number };

/** The whole graph without what is inside its blocks, or one block without what is inside of its own. */
export interface Level {
  readonly items: readonly LevelItem[];
  readonly edges: readonly LevelEdge[];
}

/** The part of a graph that its levels follow from. */
export interface Nested {
  readonly nodes: readonly Pick<ReportNode, "block">[];
  readonly edges: readonly ReportEdge[];
  readonly blocks: readonly Pick<ReportBlock, "parent">[];
}

/** Sizes of boxes on screen, in pixels. */
export const nodeSize = { width: 172, height: 44 } as const;
export const closedSize = { width: 190, height: 52 } as const;
const portSize = { width: 2, height: 0 } as const;

/** Collects the items and edges of a level, each once. */
class LevelMaker {
  readonly items: LevelItem[] = [];
  readonly edges: LevelEdge[] = [];
  readonly #known = new Map<string, number>();
  readonly #joined = new Set<string>();

  item(item: LevelItem): number {
    const key = `${item.kind} ${item.index}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.items.length);
    return this.items.push(item) - 1;
  }

  edge(from: LevelItem, to: LevelItem): void {
    const edge = { from: this.item(from), to: this.item(to) };
    const key = `${edge.from} ${edge.to}`;
    if (this.#joined.has(key)) return;
    this.#joined.add(key);
    this.edges.push(edge);
  }
}

/** The levels of a graph: of the whole first, then of each block. An edge passes through every level between its ends. */
export function levelsOf({ nodes, edges, blocks }: Nested): readonly Level[] {
  const makers = Array.from({ length: blocks.length + 1 }, () => new LevelMaker());
  const at = (block: number | null): LevelMaker => makers[block === null ? 0 : block + 1]!;
  nodes.forEach(({ block }, index) => {
    let item: LevelItem = { kind: "node", index };
    let parent = block;
    for (;;) {
      at(parent).item(item);
      if (parent === null) break;
      item = { kind: "block", index: parent };
      parent = blocks[parent]!.parent;
    }
  });
  const way = (index: number): readonly LevelItem[] => {
    const items: LevelItem[] = [{ kind: "node", index }];
    for (let block = nodes[index]!.block; block !== null; block = blocks[block]!.parent) {
      items.unshift({ kind: "block", index: block });
    }
    return items;
  };
  const levelAbove = (items: readonly LevelItem[], depth: number): LevelMaker => {
    const above = items[depth - 1];
    return at(above?.kind === "block" ? above.index : null);
  };
  for (const { from, to } of edges) {
    const [ups, downs] = [way(from), way(to)];
    let shared = 0;
    while (same(ups[shared], downs[shared])) shared++;
    if (shared >= ups.length || shared >= downs.length) continue;
    levelAbove(ups, shared).edge(ups[shared]!, downs[shared]!);
    for (let depth = shared + 1; depth < ups.length; depth++)
      levelAbove(ups, depth).edge(ups[depth]!, { kind: "out", index: from });
    for (let depth = shared + 1; depth < downs.length; depth++) {
      levelAbove(downs, depth).edge({ kind: "in", index: from }, downs[depth]!);
    }
  }
  return makers.map(({ items, edges: joined }) => ({ items, edges: joined }));
}

/** The boxes of a level; sizes of blocks as they are told. */
export function boxesOf(level: Level, block: (index: number) => LevelBox): readonly LevelBox[] {
  return level.items.map((item): LevelBox => {
    if (item.kind === "node") return nodeSize;
    if (item.kind === "block") return block(item.index);
    return { ...portSize, border: item.kind === "in" ? "top" : "bottom" };
  });
}

/** Where everything stands while all blocks are closed, level by level. */
export function closedLayouts(levels: readonly Level[]): readonly LevelLayout[] {
  // Equal blocks look alike: each shape is laid out once.
  const known = new Map<string, LevelLayout>();
  return levels.map((level) => {
    const boxes = boxesOf(level, () => closedSize);
    const key = JSON.stringify([level.items.map(({ kind }) => kind), level.edges]);
    const layout = known.get(key) ?? layoutLevel(boxes, level.edges);
    known.set(key, layout);
    return layout;
  });
}

function same(a: LevelItem | undefined, b: LevelItem | undefined): boolean {
  if (a?.kind === "block" && b?.kind === "block") return a.index === b.index;
  return a?.kind === "node" && b?.kind === "node" && a.index === b.index;
}
