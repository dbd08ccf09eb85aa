import { CompileError, type Diagnostic } from "../diagnostics.ts";
import { cloneGraph } from "../edit/clone.ts";
import { GraphEditor } from "../edit/graph-editor.ts";
import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import { canonicalOpset, newestOpset, type Model } from "../graph/model.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import type { Tensor } from "../tensor.ts";
import { unsupported } from "./diagnostics.ts";
import { upgrades } from "./forms/table.ts";
import { irVersionOf } from "./ir-version.ts";
import { lowestOpsetOf } from "./lowest-opset.ts";
import { NoEquivalent, UpgradeStep, type UpgradeSurroundings } from "./upgrade.ts";

/**
 * Rewrites the nodes of a model, in place, from the opset it was written in to a newer one: older forms (attributes that
 * became operands, other defaults, ops with other names) become forms of `target` that mean the same, in bodies and
 * local functions too. Other domains stay as they are.
 *
 * A model in a newer opset is declared to be in `target` when all of its nodes mean the same there; otherwise it stays as
 * it is.
 *
 * Files before IR version 4 list every initializer as a graph input; these inputs become plain initializers.
 * @throws CompileError one `opset/unsupported` per node without an equivalent; the model is then half converted
 */
export function convertOpset(model: Model, target: number = canonicalOpset): void {
  if (model.irVersion < 4) initializersOutOfInputs(model.graph);
  const from = model.opsets.get("");
  const problems: Diagnostic[] = [];
  if (from !== undefined && from < target) {
    problems.push(...convertGraphs(model.graph, from, target, false));
    model.opsets.set("", target);
  } else if (from !== undefined && meansTheSame(model.graph, from, target)) model.opsets.set("", target);
  for (const [index, local] of model.functions.entries()) {
    const own = local.opsets.get("");
    if (own === undefined || (own >= target && !meansTheSame(local.body, own, target))) continue;
    // Copies of the model share its functions.
    const body = cloneGraph(local.body).graph;
    if (own < target) problems.push(...convertGraphs(body, own, target, true));
    model.functions[index] = { ...local, body, opsets: new Map([...local.opsets, ["", target]]) };
  }
  model.irVersion = Math.max(model.irVersion, irVersionOf(model.opsets.get("") ?? 1), 4);
  const [first, ...others] = problems;
  if (first) throw new CompileError(first, ...others);
}

function meansTheSame(graph: Graph, from: number, target: number): boolean {
  return from > target && from <= newestOpset && lowestOpsetOf(graph, from) <= target;
}

function initializersOutOfInputs(graph: Graph): void {
  const editor = new GraphEditor(graph);
  for (const value of [...graph.inputs]) if (value.initializer) editor.removeInput(value);
}

/** Converts a graph and the bodies in it, outer ones first: what a body reads has its type by then. */
function convertGraphs(root: Graph, from: number, target: number, isFunction: boolean): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const pending = [root];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    const converter = new Converter(graph, target, isFunction && graph === root);
    for (const node of [...graph.nodes]) {
      try {
        converter.convert(node, from);
      } catch (error) {
        if (!(error instanceof NoEquivalent)) throw error;
        problems.push(unsupported(node, from, target, error.message));
      }
    }
    for (const node of graph.nodes) {
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
  return problems;
}

class Converter {
  readonly #editor: GraphEditor;
  readonly #around: UpgradeSurroundings;
  readonly #shared = new Map<string, Value>();
  /** The first node whose results may still lack types. */
  #inferred: Node | null = null;

  constructor(graph: Graph, target: number, isFunction: boolean) {
    this.#editor = new GraphEditor(graph);
    this.#around = {
      editor: this.#editor,
      target,
      inferBefore: (node) => this.#inferBefore(node),
      constant: (tensor, name) => (isFunction ? this.#node(tensor, name) : this.#initializer(tensor, name)),
    };
  }

  convert(node: Node, from: number): void {
    if (node.domain !== "") return;
    for (let opset = from + 1; opset <= this.#around.target && !node.erased; opset++) {
      if (opset === 6) this.#editor.setAttribute(node, "consumed_inputs", null);
      for (const form of upgrades.get(node.op) ?? []) {
        if (form.opset !== opset || node.erased) continue;
        this.#editor.rewriting("convert-opset", [node], node, () => form.upgrade(new UpgradeStep(node, this.#around)));
      }
    }
  }

  /** A node before `node` whose form is still an old one has been converted already: nodes are taken in order. */
  #inferBefore(node: Node): void {
    let next = this.#inferred ? this.#inferred.next : this.#editor.graph.nodes.first;
    for (; next && next !== node; next = next.next) {
      this.#inferred = next;
      if (next.outputs.some((value) => value && !isTyped(value))) this.#infer(next);
    }
  }

  #infer(node: Node): void {
    try {
      this.#editor.infer(node);
    } catch (error) {
      // The type stays unknown, which is all a conversion needs to hear; the verifier tells why.
      if (!(error instanceof CompileError)) throw error;
    }
  }

  /** Equal data is added once. */
  #initializer(tensor: Tensor, name: string): Value {
    const key = `${tensor.dtype}[${tensor.dims.join()}]${Buffer.from(tensor.bytes()).toString("base64")}`;
    const known = this.#shared.get(key);
    if (known) return known;
    const value = this.#editor.initializer(tensor, name);
    this.#shared.set(key, value);
    return value;
  }

  /** Functions have no initializers. */
  #node(tensor: Tensor, name: string): Value {
    return this.#editor.node("Constant", [], { value: tensor }, { name }).output;
  }
}

function isTyped(value: Value): boolean {
  return value.type !== null && (value.type.kind !== "tensor" || value.type.shape !== null);
}
