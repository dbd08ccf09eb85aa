import type { ReportBlock, ReportEdge } from "../report-data.ts";
import { isClosed } from "./closed-set.ts";
import { nameBlocks } from "./name-blocks.ts";
import { repeatsIn } from "./repeats.ts";
import { cutIntoSections, type Draft } from "./sections.ts";

/** The blocks of a graph, and the innermost block of each node. */
export interface Blocks {
  readonly blocks: readonly ReportBlock[];
  readonly blockOf: readonly (number | null)[];
}

/**
 * Finds what of a graph can be drawn as one box: modules that the names of nodes tell of, and within these, or where names
 * tell nothing, equal parts that follow each other. Where still too much stands side by side, sections of it.
 *
 * @param nodes in an order in which values are made before they are read
 */
export function blocksOf(
  nodes: readonly { readonly name: string; readonly op: string }[],
  edges: readonly ReportEdge[],
): Blocks {
  const reads = nodes.map((): number[] => []);
  for (const { from, to } of edges) reads[to]!.push(from);
  const ops = nodes.map(({ op }) => op);
  const drafts: Draft[] = [];
  const blockOf: (number | null)[] = nodes.map(() => null);
  const add = (draft: Draft): void => {
    for (const member of draft.members) blockOf[member] = drafts.length;
    drafts.push(draft);
  };
  for (const { name, members } of nameBlocks(nodes.map((node) => node.name))) {
    const [parent, ...others] = new Set(members.map((member) => blockOf[member]!));
    if (others.length === 0 && isClosed(members, reads)) add({ name, parent: parent ?? null, members });
  }
  for (const [level, members] of neighbours(blockOf)) {
    for (const draft of repeatedParts(level, members, ops, reads)) add(draft);
  }
  cutIntoSections(drafts, blockOf, reads);
  const shapes = drafts.map(({ members }) => shapeOf(members, ops, reads).join(" "));
  const alike = new Map<string, number>();
  for (const shape of shapes) alike.set(shape, (alike.get(shape) ?? 0) + 1);
  return {
    blocks: drafts.map(({ name, parent }, index) => ({ name, parent, alike: alike.get(shapes[index]!)! })),
    blockOf,
  };
}

/** Nodes of one block that follow each other in the graph's order: parts of these have no other block between them. */
function neighbours(blockOf: readonly (number | null)[]): readonly (readonly [number | null, readonly number[]])[] {
  const runs: [number | null, number[]][] = [];
  blockOf.forEach((block, index) => {
    const last = runs.at(-1);
    if (last && last[0] === block) last[1].push(index);
    else runs.push([block, [index]]);
  });
  return runs;
}

/** Equal parts that follow each other among the nodes of a level. */
function repeatedParts(
  level: number | null,
  members: readonly number[],
  ops: readonly string[],
  reads: readonly (readonly number[])[],
): readonly Draft[] {
  const [first] = members as [number, ...number[]];
  const lastReader = new Map<number, number>();
  for (const member of members) for (const from of reads[member]!) lastReader.set(from, member);
  // How many values are alive before each member: made before it, and read by it or by a later one.
  const steps = Array.from({ length: members.length + 1 }, () => 0);
  for (const [from, reader] of lastReader) {
    steps[Math.max(first, from + 1) - first]!++;
    steps[reader + 1 - first]!--;
  }
  let alive = 0;
  const crossings = steps.map((step) => (alive += step));
  // What reads from before the run counts too: the first part must look like the others.
  const signatures = members.map((node) => `${ops[node]!}(${reads[node]!.map((from) => node - from).join(",")})`);
  return repeatsIn(signatures, crossings).flatMap(({ start, period, count }) =>
    Array.from({ length: count }, (_, part): Draft => {
      const from = start + part * period;
      return { name: `part ${part + 1} of ${count}`, parent: level, members: members.slice(from, from + period) };
    }),
  );
}

/** What each of some nodes is and how far back among them it reads: equal for blocks that are wired alike. */
function shapeOf(
  members: readonly number[],
  ops: readonly string[],
  reads: readonly (readonly number[])[],
): readonly string[] {
  const place = new Map(members.map((member, at) => [member, at]));
  return members.map((member, at) => {
    const back = reads[member]!.map((from) => (place.has(from) ? at - place.get(from)! : "x"));
    return `${ops[member]!}(${back.join(",")})`;
  });
}
