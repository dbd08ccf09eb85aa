import { GraphEditor, type Graph, type Node } from "@lowbit/ir";
import { noFixedPoint } from "../diagnostics.ts";
import { graphsWithin } from "../graphs-within.ts";
import { matchAt } from "../pattern/match.ts";
import { opKey } from "../pattern/pattern.ts";
import type { Explanation } from "./explanation.ts";
import { Replacer } from "./replacer.ts";
import type { Rule } from "./rule.ts";
import { Worklist } from "./worklist.ts";

/** Settings of the driver. */
export interface ApplyOptions {
  /** Rewrites after which the driver gives up. Default: 1,000 and 20 for each node. */
  readonly limit?: number;
  readonly explanation?: Explanation | null;
}

/** How often each rule was applied, and all rules together. */
export interface ApplyResult {
  readonly applied: number;
  readonly byRule: ReadonlyMap<string, number>;
}

/**
 * Applies rules to a graph and the bodies inside it until none applies any more. At one node, rules are tried in the order
 * given; nodes are visited in graph order, then as rewrites bring them back, so the result depends on nothing else.
 *
 * @throws CompileError `rewrite/no-fixed-point` at the limit, naming the rules that were at it
 */
export function applyRules(graph: Graph, rules: readonly Rule[], options: ApplyOptions = {}): ApplyResult {
  const graphs = graphsWithin(graph);
  const driver = new Driver(graphs, rules, options);
  for (const each of graphs) driver.drive(each);
  // A rewrite in one graph can open the way for one in another: what a body reads, or what only a body read.
  for (let before = 0; graphs.length > 1 && driver.applied > before;) {
    before = driver.applied;
    for (const each of graphsWithin(graph)) driver.drive(each);
  }
  return driver;
}

/** Rules looked at when the limit is hit. */
const recentRules = 32;

class Driver implements ApplyResult {
  applied = 0;
  readonly byRule = new Map<string, number>();
  readonly #rulesAt: (node: Node) => readonly Rule[];
  readonly #depth: number;
  readonly #limit: number;
  readonly #explanation: Explanation | null;
  readonly #recent: string[] = [];

  constructor(graphs: readonly Graph[], rules: readonly Rule[], options: ApplyOptions) {
    this.#rulesAt = rulesByRoot(rules);
    this.#depth = Math.max(1, ...rules.map((rule) => rule.pattern.depth));
    this.#limit = options.limit ?? 1000 + 20 * graphs.reduce((sum, each) => sum + each.nodes.length, 0);
    this.#explanation = options.explanation ?? null;
  }

  drive(graph: Graph): void {
    const editor = new GraphEditor(graph);
    const worklist = new Worklist(
      graph.nodes,
      this.#depth,
      (node) => node.graph === graph && this.#rulesAt(node).length > 0,
    );
    editor.listen(worklist);
    const replacer = new Replacer(editor);
    for (let node = worklist.take(); node; node = worklist.take()) {
      for (const rule of this.#rulesAt(node)) {
        if (this.#try(rule, node, replacer)) break;
      }
    }
  }

  /** Whether the rule was applied at the node, which may be gone then. */
  #try(rule: Rule, node: Node, replacer: Replacer): boolean {
    const match = matchAt(rule.pattern, node);
    if (!match.ok) {
      this.#explanation?.nearMiss(rule.name, node, match);
      return false;
    }
    const labels = match.nodes.map((each) => each.label);
    const rejected = replacer.apply(rule.name, node, match.nodes, (context) =>
      rule.rewrite(match.captures as never, context),
    );
    if (rejected) {
      this.#explanation?.nearMiss(rule.name, node, rejected);
      return false;
    }
    this.#explanation?.applied(rule.name, node, labels);
    this.#count(rule, labels[0]!);
    return true;
  }

  #count(rule: Rule, at: string): void {
    this.applied++;
    this.byRule.set(rule.name, (this.byRule.get(rule.name) ?? 0) + 1);
    this.#recent.push(rule.name);
    if (this.#recent.length > recentRules) this.#recent.shift();
    if (this.applied >= this.#limit) throw noFixedPoint([...new Set(this.#recent)].sort(), at, this.#limit);
  }
}

/** Which rules to try at a node, in the given order. Asked for every node, so each op is looked up once. */
function rulesByRoot(rules: readonly Rule[]): (node: Node) => readonly Rule[] {
  const known = new Map<string, Map<string, readonly Rule[]>>();
  return ({ op, domain }) => {
    let byOp = known.get(domain);
    if (!byOp) known.set(domain, (byOp = new Map()));
    let found = byOp.get(op);
    if (!found) {
      const key = opKey(op, domain);
      byOp.set(op, (found = rules.filter((rule) => rule.pattern.roots?.includes(key) ?? true)));
    }
    return found;
  };
}
