import {
  elementCount,
  isFloat,
  isStatic,
  schemaOf,
  Tensor,
  type GraphEditor,
  type Node,
  type OpName,
  type Value,
} from "@lowbit/ir";
import { ConstantPool } from "./constant-pool.ts";
import { lossNotScalarError, noGradientError } from "./diagnostics.ts";
import { gradientRules } from "./gradient-rules.ts";
import { noGradient, type GradientEntry } from "./gradient-rule.ts";
import { findPaths, type Paths } from "./paths.ts";

/** A value and the derivative of the loss by it, of the same shape: where the backward graph starts. */
export interface Seed {
  readonly value: Value;
  readonly cotangent: Value;
}

/** Settings of `gradients`. */
export interface GradientOptions {
  /** The rule that new nodes name as their origin. Default: `gradient`. */
  readonly rule?: string;
  /** Entries for ops of other domains, or in place of the table's; null leaves a node to the table. */
  readonly entryOf?: (node: Node) => GradientEntry | null;
}

/**
 * Appends the backward graph to the graph of `editor`: the derivative of a scalar loss (or of what the seeds stand for)
 * by each value of `wrt`, null for those the loss does not depend on.
 *
 * Only what lies on a path from `wrt` to the loss is differentiated. A forward node may be replaced by one with one more
 * output where its gradient needs it (the mask of Dropout). After an error the graph is without backward nodes again.
 *
 * @throws CompileError `autodiff/no-gradient` for an op without gradient on such a path, `autodiff/loss-not-scalar`,
 *   `autodiff/unknown-type` where a rank or dtype that a rule needs is not known.
 */
export function gradients(
  editor: GraphEditor,
  of: Value | readonly Seed[],
  wrt: readonly Value[],
  options: GradientOptions = {},
): ReadonlyMap<Value, Value | null> {
  const entryOf = (node: Node) => options.entryOf?.(node) ?? tableEntryOf(node);
  const backward = new BackwardGraph(editor, options.rule ?? "gradient");
  const seeds = isSeeds(of) ? of : [backward.lossSeed(of)];
  const targets = seeds.map((seed) => seed.value);
  for (const seed of seeds) backward.add(seed.value, seed.cotangent);
  const paths = findPaths(editor.graph, wrt, targets, entryOf);
  try {
    for (const node of paths.nodes.toReversed()) backward.differentiate(node, entryOf(node), paths);
    return new Map(wrt.map((value) => [value, backward.gradientOf(value)]));
  } catch (error) {
    backward.undo();
    throw error;
  }
}

function isSeeds(of: Value | readonly Seed[]): of is readonly Seed[] {
  return Array.isArray(of);
}

function tableEntryOf(node: Node): GradientEntry {
  if (schemaOf(node.op, node.domain)) return gradientRules[node.op as OpName];
  return noGradient(`lowbit does not know the op${node.domain && ` of domain "${node.domain}"`}`);
}

/** The backward nodes made so far and the cotangents they brought to each value. */
class BackwardGraph {
  readonly #editor: GraphEditor;
  readonly #rule: string;
  readonly #constants: ConstantPool;
  readonly #contributions = new Map<Value, Value[]>();
  readonly #forward: ReadonlySet<Value>;
  /** Gradients that have their final names. */
  readonly #named = new Set<Value>();

  constructor(editor: GraphEditor, rule: string) {
    this.#editor = editor;
    this.#rule = rule;
    this.#constants = new ConstantPool(editor);
    this.#forward = new Set(editor.graph.values.values());
  }

  /** The seed of a scalar loss: one. */
  lossSeed(loss: Value): Seed {
    const scalar = loss.dtype !== null && isFloat(loss.dtype) && elementCount(loss.shape) === 1;
    if (!scalar || !isStatic(loss.shape)) throw lossNotScalarError(loss);
    const one = Tensor.of(loss.dtype, [1], loss.shape);
    return { value: loss, cotangent: this.#constants.tensor(one, "one") };
  }

  add(value: Value, contribution: Value): void {
    const list = this.#contributions.get(value);
    if (list) list.push(contribution);
    else this.#contributions.set(value, [contribution]);
  }

  /** The sum of what came back to a value, null when nothing did. */
  gradientOf(value: Value): Value | null {
    const list = this.#contributions.get(value);
    if (!list) return null;
    if (list.length > 1) {
      const sources = list.flatMap((part) => part.producer ?? []);
      const { op } = this.#editor;
      const total = this.#editor.rewriting(this.#rule, sources, null, () =>
        list.length === 2 ? op.Add([list[0]!, list[1]!]) : op.Sum(list),
      );
      list.splice(0, list.length, total);
    }
    const gradient = list[0]!;
    if (gradient.producer && !this.#forward.has(gradient) && !this.#named.has(gradient)) {
      this.#named.add(gradient);
      this.#editor.rename(gradient, this.#editor.graph.names.fresh(`${value.name}_grad`));
    }
    return gradient;
  }

  /** Removes the nodes and constants made so far. */
  undo(): void {
    const { graph } = this.#editor;
    const isMade = (value: Value) => !this.#forward.has(value) && value.uses.size === 0 && !value.isGraphOutput;
    for (const node of graph.nodes.reversed()) {
      if (node.outputs.every((output) => output === null || isMade(output))) this.#editor.erase(node);
    }
    for (const value of [...graph.initializers]) if (isMade(value)) this.#editor.removeInitializer(value);
  }

  /** Appends the backward nodes of one forward node. */
  differentiate(node: Node, entry: GradientEntry, paths: Paths): void {
    const grads = node.outputs.map((output) => output && this.gradientOf(output));
    if (grads.every((grad) => grad === null)) return;
    const fail = (reason: string): never => {
      throw noGradientError(node, reason, paths.describe(node));
    };
    if (typeof entry !== "function" && entry.kind === "none") fail(entry.reason);
    if (typeof entry !== "function" && entry.kind !== "codes") return;
    const rule = typeof entry === "function" ? entry : entry.rule;
    const inputs = node.inputs;
    const needs = inputs.map((value) => value !== null && paths.dependsOnSource(value));
    const editor = this.#editor;
    const results = editor.rewriting(this.#rule, [node], null, () =>
      rule({ node, op: editor.op, editor, grads, needs, constants: this.#constants, fail }),
    );
    inputs.forEach((value, index) => {
      const result = results[index] ?? null;
      if (value && result && needs[index]) this.add(value, result);
    });
  }
}
