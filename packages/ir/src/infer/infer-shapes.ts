import { CompileError, type Diagnostic } from "../diagnostics.ts";
import { mutable } from "../edit/mutable.ts";
import { Graph } from "../graph/graph.ts";
import type { Model } from "../graph/model.ts";
import { mayNeverRun } from "../graph/may-never-run.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { graphsOf } from "../graph/attribute.ts";
import { sinceOf, type BodyOperands } from "../ops/define-op.ts";
import { inferContext, inferNode, isCanonicalForm } from "../ops/infer-node.ts";
import { withOwnSymbols } from "../ops/own-symbol.ts";
import { schemaOf } from "../ops/registry.ts";
import { tensorType, type Shape, type ValueType } from "../types.ts";
import { generalized } from "./body-types.ts";
import { nothingRestated, restate, setInputShapes, type Restated } from "./input-shapes.ts";
import { mergeTypes } from "./merge-types.ts";

/** Settings of `inferShapes`. */
export interface InferOptions {
  /** Shapes for graph inputs by name; null keeps a dimension as declared. */
  readonly inputShapes?: Readonly<Record<string, Shape>>;
}

/** Errors after which inference gives up. */
const maxErrors = 20;

/**
 * Infers the types of all values from those of the inputs, bodies included, and keeps the more specific of the
 * declared and the inferred. Given a model, nodes whose form is newer than the model's opset keep their declared types;
 * a graph is taken to be in canonical form.
 *
 * Returns warnings: `shape/conflict` for each declaration that contradicts what was inferred (the inferred type stands),
 * and what is wrong in branches of an If, which may never run.
 *
 * @throws CompileError `shape/mismatch`, `shape/overflow` with every node found wrong; `shape/input`
 */
export function inferShapes(target: Model | Graph, options: InferOptions = {}): readonly Diagnostic[] {
  const graph = target instanceof Graph ? target : target.graph;
  const restated = options.inputShapes ? setInputShapes(graph, options.inputShapes) : nothingRestated;
  const run = new Inference(restated, target instanceof Graph ? null : target.opsets);
  run.infer(graph);
  const [first, ...rest] = run.errors.values();
  if (first) throw new CompileError(first, ...rest);
  return [...run.doubts.values(), ...run.conflicts.values()];
}

/** What is still to do; the last entry comes first. Bodies are inferred before the node they belong to. */
type Task =
  | { readonly kind: "nodes"; readonly from: Node | null }
  | { readonly kind: "finish"; readonly node: Node }
  | { readonly kind: "enter"; readonly plan: BodyOperands; readonly again: boolean }
  | { readonly kind: "settle"; readonly plan: BodyOperands };

class Inference {
  /** What is wrong, by message: a body may show it more than once. */
  readonly errors = new Map<string, Diagnostic>();
  /** What is wrong where the model may never get to. */
  readonly doubts = new Map<string, Diagnostic>();
  readonly conflicts = new Map<Value, Diagnostic>();
  readonly #restated: Restated;
  readonly #opsets: ReadonlyMap<string, number> | null;
  readonly #tasks: Task[] = [];
  /** Declared types of values in bodies, which are inferred more than once. */
  readonly #declared = new Map<Value, ValueType | null>();

  constructor(restated: Restated, opsets: ReadonlyMap<string, number> | null) {
    this.#restated = restated;
    this.#opsets = opsets;
  }

  infer(graph: Graph): void {
    this.#tasks.push({ kind: "nodes", from: graph.nodes.first });
    for (let task = this.#tasks.pop(); task && this.errors.size < maxErrors; task = this.#tasks.pop()) {
      if (task.kind === "nodes") this.#visit(task.from);
      else if (task.kind === "finish") this.#finish(task.node);
      else if (task.kind === "enter") this.#enter(task.plan, task.again);
      else this.#settle(task.plan);
    }
  }

  #visit(from: Node | null): void {
    for (let node = from; node !== null && this.errors.size < maxErrors; node = node.next) {
      const plans = this.#plans(node);
      if (plans.length === 0) {
        this.#finish(node);
        continue;
      }
      this.#tasks.push({ kind: "nodes", from: node.next }, { kind: "finish", node });
      for (const plan of plans) this.#tasks.push({ kind: "enter", plan, again: false });
      return;
    }
  }

  /** What enters the bodies of a node; bodies of unknown ops get what they declare. */
  #plans(node: Node): readonly BodyOperands[] {
    const bodies = [...node.attributes.values()].flatMap(graphsOf);
    if (bodies.length === 0) return [];
    const schema = this.#isKnown(node) ? schemaOf(node.op, node.domain) : null;
    const plans = schema?.bodies && this.#attempt(node, () => schema.bodies!(inferContext(node)));
    return plans ?? bodies.map((body) => ({ body, inputs: [], feedback: [] }));
  }

  /** Sets the types of a body's inputs. Declared shapes count at first, not once the body has proved them wrong. */
  #enter(plan: BodyOperands, again: boolean): void {
    const inputs = plan.body.inputs.map((value, i) => {
      const given = plan.inputs[i] ?? null;
      const declared = this.#declaredType(value);
      return again || given === null ? (given ?? declared) : mergeTypes(declared, given).type;
    });
    for (const [i, value] of plan.body.inputs.entries()) {
      const type = inputs[i] ?? null;
      mutable(value).type = type && withOwnSymbols(type, value);
    }
    this.#tasks.push({ kind: "settle", plan: { ...plan, inputs } });
    this.#tasks.push({ kind: "nodes", from: plan.body.nodes.first });
  }

  #settle(plan: BodyOperands): void {
    const inputs = generalized(plan);
    if (inputs) this.#tasks.push({ kind: "enter", plan: { ...plan, inputs }, again: true });
  }

  #finish(node: Node): void {
    const inferred = this.#isKnown(node) ? this.#attempt(node, () => inferNode(node)) : null;
    for (const [index, value] of node.outputs.entries()) {
      if (!value) continue;
      const { type, conflict } = mergeTypes(this.#declaredType(value), inferred?.types[index] ?? null);
      const writable = mutable(value);
      writable.type = type;
      writable.elements = inferred?.elements?.[index]?.slice() ?? null;
      if (conflict === null) this.conflicts.delete(value);
      else this.conflicts.set(value, conflictOf(node, value, conflict));
    }
  }

  /** Whether the op's schema speaks about this node's form. */
  #isKnown(node: Node): boolean {
    const schema = schemaOf(node.op, node.domain);
    if (!schema || !isCanonicalForm(node, schema)) return false;
    const opset = this.#opsets?.get(node.domain);
    return opset === undefined || sinceOf(schema, node) <= opset;
  }

  #declaredType(value: Value): ValueType | null {
    const known = this.#declared.get(value);
    if (known !== undefined) return known;
    let type = restate(value.type, this.#restated.symbols);
    if (this.#restated.isStale && value.producer && type?.kind === "tensor") type = tensorType(type.dtype, null);
    if (value.graph.owner !== null) this.#declared.set(value, type);
    return type;
  }

  #attempt<T>(node: Node, infer: () => T): T | null {
    try {
      return infer();
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      const found = error.diagnostic;
      if (mayNeverRun(node)) this.doubts.set(found.message, { ...found, severity: "warning" });
      else this.errors.set(found.message, found);
      return null;
    }
  }
}

function conflictOf(node: Node, value: Value, conflict: string): Diagnostic {
  return {
    code: "shape/conflict",
    severity: "warning",
    message: `${node.op} "${node.label}": its result "${value.name}" is ${conflict}`,
    where: { node: node.label, value: value.name },
  };
}
