import { layoutLevel, type LevelLayout } from "../../layout/level-layout.ts";
import { boxesOf, closedSize, levelsOf, nodeSize, type Level, type LevelItem } from "../../layout/levels.ts";
import type { ReportGraph } from "../../report-data.ts";

/** What a box stands for: a node, or a block, by index. */
export interface Item {
  readonly kind: "node" | "block";
  readonly index: number;
}

/** A box of the drawing; left, top and size in pixels of the drawing. */
export interface SceneBox {
  readonly item: Item;
  readonly open: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line between two boxes, or on to the border of an open block: x, y, x, y, … */
export interface SceneLine {
  readonly points: readonly number[];
  readonly from: Item | null;
  readonly to: Item | null;
  /** Whether it ends at a box, not at the border of an open block, where it goes on. */
  readonly ends: boolean;
}

/** All that is drawn while some blocks are open. Boxes stand in the order in which they must be painted. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly SceneBox[];
  readonly lines: readonly SceneLine[];
}

/** Room inside an open block. */
const padding = 16;
const header = 28;

/** Boxes that a graph begins with at most, unless it has more outside of all blocks. */
const firstBoxes = 40;

/** A graph whose blocks can be opened and closed. */
export class OpenableGraph {
  readonly #graph: ReportGraph;
  readonly #levels: readonly Level[];
  /** By node, the nodes that read what it makes. */
  readonly #readers: readonly (readonly number[])[];
  readonly #open = new Set<number>();
  /** By level, and by what is open in it. */
  readonly #known = new Map<string, LevelLayout>();

  constructor(graph: ReportGraph) {
    this.#graph = graph;
    this.#levels = levelsOf(graph);
    const readers = graph.nodes.map((): number[] => []);
    for (const { from, to } of graph.edges) readers[from]!.push(to);
    this.#readers = readers;
    this.#begin();
  }

  isOpen(block: number): boolean {
    return this.#open.has(block);
  }

  toggle(block: number): void {
    if (!this.#open.delete(block)) this.#open.add(block);
  }

  openAll(open: boolean): void {
    this.#open.clear();
    if (open) for (const index of this.#graph.blocks.keys()) this.#open.add(index);
  }

  /** Opens what a node stands in. */
  reveal(node: number): void {
    for (const block of this.around(node)) this.#open.add(block);
  }

  /** The blocks that a node stands in, from the inside out. */
  around(node: number): readonly number[] {
    const blocks: number[] = [];
    for (let at = this.#graph.nodes[node]!.block; at !== null; at = this.#graph.blocks[at]!.parent) blocks.push(at);
    return blocks;
  }

  /** What of a node is drawn: itself, or the outermost closed block around it. */
  shown(node: number): Item {
    const closed = this.around(node).findLast((block) => !this.#open.has(block));
    return closed === undefined ? { kind: "node", index: node } : { kind: "block", index: closed };
  }

  scene(): Scene {
    const boxes: SceneBox[] = [];
    const lines: SceneLine[] = [];
    const { width, height } = this.#layout(0);
    this.#place(0, 0, 0, boxes, lines);
    return { width, height, boxes, lines };
  }

  /** Opens blocks from the outside in, a depth at a time, while few enough boxes are drawn. */
  #begin(): void {
    const boxesIn = (level: number): number =>
      this.#levels[level]!.items.filter(({ kind }) => kind === "node" || kind === "block").length;
    const { blocks } = this.#graph;
    let drawn = boxesIn(0);
    let next = blocks.flatMap(({ parent }, index) => (parent === null ? [index] : []));
    while (next.length > 0) {
      drawn += next.reduce((sum, block) => sum + boxesIn(block + 1) - 1, 0);
      if (drawn > firstBoxes) return;
      for (const block of next) this.#open.add(block);
      next = blocks.flatMap(({ parent }, index) => (parent !== null && next.includes(parent) ? [index] : []));
    }
  }

  #layout(level: number): LevelLayout {
    const { items, edges } = this.#levels[level]!;
    const open = items.flatMap(({ kind, index }) => (kind === "block" && this.#open.has(index) ? [index] : []));
    if (open.length === 0) return this.#graph.layouts[level]!;
    const key = `${level}: ${open.map((block) => `${block} ${Object.values(this.#size(block)).join(" ")}`).join(", ")}`;
    const known = this.#known.get(key);
    if (known) return known;
    const made = layoutLevel(
      boxesOf(this.#levels[level]!, (block) => this.#size(block)),
      edges,
    );
    this.#known.set(key, made);
    return made;
  }

  #size(block: number): { readonly width: number; readonly height: number } {
    if (!this.#open.has(block)) return closedSize;
    const { width, height } = this.#layout(block + 1);
    return { width: Math.max(closedSize.width, width + 2 * padding), height: height + header + padding };
  }

  #place(level: number, left: number, top: number, boxes: SceneBox[], lines: SceneLine[]): void {
    const { items, edges } = this.#levels[level]!;
    const { places, routes } = this.#layout(level);
    const ports = new Map<number, readonly Port[]>();
    items.forEach((item, at) => {
      if (!isBox(item)) return;
      const open = item.kind === "block" && this.#open.has(item.index);
      const { width, height } = item.kind === "node" ? nodeSize : this.#size(item.index);
      const [x, y] = [left + places[2 * at]! - width / 2, top + places[2 * at + 1]! - height / 2];
      boxes.push({ item, open, x, y, width, height });
      if (!open) return;
      const inside = x + (width - this.#layout(item.index + 1).width) / 2;
      ports.set(item.index, this.#ports(item.index, inside, y + header));
      this.#place(item.index + 1, inside, y + header, boxes, lines);
    });
    edges.forEach(({ from, to }, at) => {
      const points = routes[at]!.map((number, i) => number + (i % 2 === 0 ? left : top));
      const [source, target] = [items[from]!, items[to]!];
      const ends = { from: isBox(source) ? source : null, to: isBox(target) ? target : null };
      lines.push({ points, ...ends, ends: ends.to !== null && !(target.kind === "block" && ports.has(target.index)) });
      // On through the border of an open block, to where the value enters or leaves its inside.
      for (const { kind, value, x, y } of (source.kind === "block" && ports.get(source.index)) || []) {
        if (kind !== "out" || !this.#readers[value]!.some((reader) => this.#holds(target, reader, value))) continue;
        lines.push({ points: [x, y, points[0]!, points[1]!], from: ends.from, to: null, ends: false });
      }
      for (const { kind, value, x, y } of (target.kind === "block" && ports.get(target.index)) || []) {
        if (kind !== "in" || !this.#holds(source, value, value)) continue;
        lines.push({ points: [points.at(-2)!, points.at(-1)!, x, y], from: null, to: ends.to, ends: false });
      }
    });
  }

  /** Where values enter and leave the inside of an open block. */
  #ports(block: number, left: number, top: number): readonly Port[] {
    const { places } = this.#layout(block + 1);
    return this.#levels[block + 1]!.items.flatMap(({ kind, index }, at): readonly Port[] => {
      if (kind !== "in" && kind !== "out") return [];
      return [{ kind, value: index, x: left + places[2 * at]!, y: top + places[2 * at + 1]! }];
    });
  }

  /** Whether an item of a level stands for a node, or passes on the value that a node makes. */
  #holds({ kind, index }: LevelItem, node: number, value: number): boolean {
    if (kind === "node") return index === node;
    return kind === "block" ? this.around(node).includes(index) : index === value;
  }
}

/** Where the value of a node enters or leaves the inside of a block. */
interface Port {
  readonly kind: "in" | "out";
  /** The node that makes it. */
  readonly value: number;
  readonly x: number;
  readonly y: number;
}

function isBox(item: LevelItem): item is Item {
  return item.kind === "node" || item.kind === "block";
}
