import { isClosed } from "./closed-set.ts";

/** A block being made. */
export interface Draft {
  readonly name: string;
  parent: number | null;
  /** Nodes, ascending, in an order in which values are made before they are read. */
  readonly members: readonly number[];
}

/** Boxes of a level above which it is cut: more take long to lay out, and nobody overlooks them. */
const mostBoxes = 120;
const sectionBoxes = 60;

/** What stands in a level: a block, or a node of none. */
interface Child {
  readonly block: number | null;
  readonly members: readonly number[];
}

/**
 * Cuts levels with too many boxes into sections of neighbours, and cuts these together again until every level is small.
 * Sections become blocks around what stands in them.
 *
 * @param drafts all blocks so far; sections are added at the end
 * @param blockOf the innermost block of each node
 */
export function cutIntoSections(
  drafts: Draft[],
  blockOf: (number | null)[],
  reads: readonly (readonly number[])[],
): void {
  for (const [level, all] of childrenByLevel(drafts, blockOf)) {
    let children = all;
    while (children.length > mostBoxes) {
      const before = children;
      children = [];
      for (let start = 0; start < before.length; start += sectionBoxes) {
        const some = before.slice(start, start + sectionBoxes);
        const members = some.flatMap((child) => child.members).toSorted((a, b) => a - b);
        if (some.length === 1 || !isClosed(members, reads)) {
          children.push(...some);
          continue;
        }
        const block = drafts.length;
        drafts.push({ name: `nodes ${members[0]! + 1} to ${members.at(-1)! + 1}`, parent: level, members });
        for (const child of some) {
          if (child.block === null) blockOf[child.members[0]!] = block;
          else drafts[child.block]!.parent = block;
        }
        children.push({ block, members });
      }
      if (children.length === before.length) break;
    }
  }
}

/** The boxes of each level, in the order of their first nodes. */
function childrenByLevel(
  drafts: readonly Draft[],
  blockOf: readonly (number | null)[],
): ReadonlyMap<number | null, Child[]> {
  const levels = new Map<number | null, Child[]>();
  const add = (level: number | null, child: Child): void => {
    const known = levels.get(level);
    if (known) known.push(child);
    else levels.set(level, [child]);
  };
  blockOf.forEach((level, node) => add(level, { block: null, members: [node] }));
  drafts.forEach(({ parent, members }, block) => add(parent, { block, members }));
  for (const children of levels.values()) children.sort((a, b) => a.members[0]! - b.members[0]!);
  return levels;
}
