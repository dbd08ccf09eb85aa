import { Value, type Node } from "@lowbit/ir";
import type { Mismatch } from "../pattern/match-state.ts";

/** One thing that happened, or almost happened, when rules were tried. Names are those of the moment it happened. */
export interface Finding {
  readonly kind: "applied" | "near-miss";
  readonly rule: string;
  /** Label of the node the rule was tried at. */
  readonly at: string;
  /** Of a near miss: why not, and the node or value that is about. */
  readonly reason?: string;
  readonly about?: string;
  /** Of an applied rule: labels of the nodes it replaced. */
  readonly replaced?: readonly string[];
}

/**
 * Collects what rules did and where they nearly matched. A near miss is a node of the op a rule starts at where the rule
 * went no further; only the last verdict about a node that still exists counts.
 */
export class Explanation {
  readonly #only: ReadonlySet<string> | null;
  readonly #applied: Finding[] = [];
  readonly #nearMisses = new Map<string, Map<Node, Finding>>();

  /** @param rules names of the rules to watch; default: all. */
  constructor(rules: readonly string[] | null = null) {
    this.#only = rules && new Set(rules);
  }

  /** Whether anyone wants to know about a rule. */
  watches(rule: string): boolean {
    return this.#only?.has(rule) ?? true;
  }

  /** Notes that a rule nearly matched at a node, and what was in the way. */
  nearMiss(rule: string, at: Node, mismatch: Mismatch): void {
    if (!this.watches(rule)) return;
    let misses = this.#nearMisses.get(rule);
    if (!misses) this.#nearMisses.set(rule, (misses = new Map()));
    const about = mismatch.at instanceof Value ? mismatch.at.name : mismatch.at.label;
    misses.set(at, { kind: "near-miss", rule, at: at.label, reason: mismatch.reason, about });
  }

  /** Notes that a rule was applied. @param labels of the nodes that were matched, the root's first */
  applied(rule: string, root: Node, labels: readonly string[]): void {
    this.#nearMisses.get(rule)?.delete(root);
    if (!this.watches(rule)) return;
    this.#applied.push({ kind: "applied", rule, at: labels[0] ?? root.label, replaced: labels });
  }

  /** What happened, in order, then the near misses by rule. */
  findings(): readonly Finding[] {
    const misses = [...this.#nearMisses.values()].flatMap((byNode) =>
      [...byNode].filter(([node]) => !node.erased).map(([, finding]) => finding),
    );
    return [...this.#applied, ...misses];
  }
}

/** A finding in words, as in `fuse-conv-bn: not at bn3: weight is shared with another node (w3)`. */
export function findingText(finding: Finding): string {
  if (finding.kind === "applied") {
    const others = (finding.replaced ?? []).filter((label) => label !== finding.at);
    return `${finding.rule}: at ${finding.at}${others.length > 0 ? `, with ${others.join(", ")}` : ""}`;
  }
  const about = finding.about === undefined || finding.about === finding.at ? "" : ` (${finding.about})`;
  return `${finding.rule}: not at ${finding.at}: ${finding.reason}${about}`;
}
