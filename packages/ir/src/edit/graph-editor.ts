import { createBuilder, type Builder, type NodeOptions } from "../builder.ts";
import { invariant } from "../diagnostics.ts";
import { graphsOf, type Attribute, type AttributeInput } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import { Node } from "../graph/node.ts";
import { rewriteOrigin, type Origin } from "../graph/origin.ts";
import { Value, type Role, type Use } from "../graph/value.ts";
import { inferNode } from "../ops/infer-node.ts";
import { arity } from "../ops/define-op.ts";
import { schemaOf } from "../ops/registry.ts";
import type { Tensor } from "../tensor.ts";
import type { ValueType } from "../types.ts";
import { toAttribute } from "./attribute-input.ts";
import { addReturn, attachInputs, detachInputs, link, mutable, removeReturn, unlink } from "./mutable.ts";

/** What happened to a graph, for worklists that follow it. */
export interface EditListener {
  /** A node was inserted. */
  created?(node: Node): void;
  /** A node is gone from the graph. */
  erased?(node: Node): void;
  /** An operand or attribute changed. */
  changed?(node: Node): void;
  /** Nodes began or ceased to read a value. */
  usersChanged?(value: Value): void;
}

/** A node in full: for ops by name and for domains without a schema. */
export interface NodeRequest extends NodeOptions {
  readonly domain?: string;
  /** Types of the outputs when inference cannot know them. */
  readonly types?: readonly (ValueType | null)[];
  readonly origin?: Origin;
}

/**
 * The only way to change a graph. Keeps use lists, infers the types of new nodes and stamps them with their origin.
 *
 * New nodes go before the node given to `before`, or at the end. One editor serves one graph; bodies inside it have
 * their own.
 */
export class GraphEditor {
  readonly graph: Graph;
  #op: Builder | null = null;
  readonly #listeners: EditListener[] = [];
  /** The latest node that asked for a name that was taken: it inherits the name when its owner is erased. */
  readonly #waiting = new Map<string, Node>();
  #before: Node | null = null;
  #origin: Origin | null = null;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** Typed node constructors at the insertion point. */
  get op(): Builder {
    this.#op ??= createBuilder((schema, inputs, attributes, options) =>
      this.node(schema.op, inputs, attributes, { ...options, domain: schema.domain }),
    );
    return this.#op;
  }

  /** Reports every change from now on. */
  listen(listener: EditListener): void {
    this.#listeners.push(listener);
  }

  /** New nodes go before this node from now on; null: at the end. */
  before(node: Node | null): this {
    this.#before = node;
    return this;
  }

  /** New nodes go after this node from now on. */
  after(node: Node): this {
    return this.before(node.next);
  }

  /** Runs `build` with the insertion point before `at` and new nodes stamped as made by `rule` out of `sources`. */
  rewriting<T>(rule: string, sources: readonly Node[], at: Node | null, build: () => T): T {
    const saved = [this.#before, this.#origin] as const;
    this.#before = at;
    this.#origin = rewriteOrigin(
      rule,
      sources.map((node) => node.origin),
    );
    try {
      return build();
    } finally {
      [this.#before, this.#origin] = saved;
    }
  }

  /** Adds a node at the insertion point. Outputs are named after `options.name`, else after the op. */
  node(
    op: string,
    inputs: readonly (Value | null | undefined)[],
    attributes: Readonly<Record<string, AttributeInput | undefined>> = {},
    request: NodeRequest = {},
  ): Node {
    const domain = request.domain ?? "";
    const schema = schemaOf(op, domain);
    const tagged = new Map<string, Attribute>();
    for (const [name, input] of Object.entries(attributes)) {
      if (input !== undefined) tagged.set(name, toAttribute(input, schema?.attributes[name]?.kind ?? null));
    }
    const node = new Node(this.graph, {
      op,
      domain,
      name: request.name ? this.graph.names.fresh(request.name) : "",
      attributes: tagged,
      origin: request.origin ?? this.#origin,
    });
    if (request.name && node.name !== request.name) this.#waiting.set(request.name, node);
    for (const attribute of tagged.values()) for (const body of graphsOf(attribute)) own(body, node);
    const trimmed = inputs.map((value) => value ?? null);
    while (trimmed.length > 0 && trimmed.at(-1) === null) trimmed.pop();
    attachInputs(node, trimmed);
    const mandatory = schema?.outputs.filter((name) => arity(name) !== "optional").length ?? 1;
    const wanted = request.outputs ?? mandatory;
    const names = typeof wanted === "number" ? Array.from({ length: wanted }, () => undefined) : wanted;
    mutable(node).outputs = names.map((name, index) => {
      if (name === null) return null;
      const fallback = `${request.name ?? op.toLowerCase()}${index === 0 ? "_out" : `_out${index}`}`;
      return this.#value(name ?? this.graph.names.fresh(fallback), request.types?.[index] ?? null, node, index);
    });
    link(this.graph.nodes, node, this.#before);
    this.#emit("created", node);
    this.infer(node);
    return node;
  }

  /** Recomputes the types of a node's outputs; a type that inference cannot tell stays as it is. */
  infer(node: Node): void {
    const inferred = inferNode(node);
    if (!inferred) return;
    node.outputs.forEach((value, index) => {
      if (!value) return;
      const type = inferred.types[index] ?? null;
      if (type !== null) mutable(value).type = type;
      const elements = inferred.elements?.[index];
      mutable(value).elements = elements ? [...elements] : null;
    });
  }

  /** Adds data to the graph under a fresh name. */
  initializer(tensor: Tensor, name: string, role: Role = "constant"): Value {
    const value = this.#value(this.graph.names.fresh(name), tensor.type);
    mutable(value).initializer = tensor;
    mutable(value).role = role;
    mutable(this.graph).initializers.add(value);
    return value;
  }

  /** Adds a graph input; its name must be free. */
  input(name: string, type: ValueType | null): Value {
    const value = this.#value(this.#claim(name), type);
    mutable(value).isGraphInput = true;
    mutable(this.graph).inputs.push(value);
    return value;
  }

  /** Lists the graph's inputs in another order. */
  orderInputs(values: readonly Value[]): void {
    const known = new Set(this.graph.inputs);
    invariant(
      values.length === known.size && values.every((value) => known.has(value)),
      "orderInputs: not the same inputs",
    );
    mutable(this.graph).inputs = [...values];
  }

  /** Makes the graph return a value, under the value's own name. */
  output(value: Value): void {
    mutable(this.graph).outputs.push(value);
    addReturn(value, this.graph);
  }

  /** Makes the graph return these values instead of what it returned. */
  setOutputs(values: readonly Value[]): void {
    for (const value of this.graph.outputs) removeReturn(value, this.graph);
    mutable(this.graph).outputs = [...values];
    for (const value of values) addReturn(value, this.graph);
  }

  /** Takes an input out of the graph's signature; with data it stays as an initializer, otherwise it must be unused. */
  removeInput(value: Value): void {
    invariant(value.isGraphInput && value.graph === this.graph, `removeInput of ${value.name}`);
    invariant(
      value.initializer || (value.uses.size === 0 && !value.isGraphOutput),
      `input ${value.name} is still used`,
    );
    const inputs = mutable(this.graph).inputs;
    inputs.splice(inputs.indexOf(value), 1);
    mutable(value).isGraphInput = false;
    if (!value.initializer) mutable(this.graph).values.delete(value.name);
  }

  /** Makes an initializer a graph input (its data is dropped), as training does with state. */
  initializerToInput(value: Value): void {
    invariant(value.initializer && value.graph === this.graph, `${value.name} is not an initializer`);
    mutable(this.graph).initializers.delete(value);
    mutable(value).initializer = null;
    if (value.isGraphInput) return;
    mutable(value).isGraphInput = true;
    mutable(this.graph).inputs.push(value);
  }

  /**
   * Lets every reader of `from` read `to`, bodies included. A graph output keeps its name: `to` takes it over, or an
   * Identity is added where `to` cannot (it is an input, an initializer, or already returned).
   */
  replaceAllUses(from: Value, to: Value): void {
    if (from === to) return;
    for (const use of [...from.uses]) this.replaceUse(use, to);
    for (const graph of [...from.returnedBy]) this.#replaceOutput(graph, from, to);
    this.#emitUsers(from);
  }

  /** Lets one operand slot read another value (null: absent). */
  replaceUse(use: Use, to: Value | null): void {
    const old = use.node.inputs[use.index] ?? null;
    if (old === to) return;
    mutable(use.node).inputs[use.index] = to;
    if (old) mutable(old).uses.delete(use);
    if (to) mutable(to).uses.add(use);
    this.#emit("changed", use.node);
    this.#emitUsers(old);
    this.#emitUsers(to);
  }

  /** Gives a node other operands. */
  setInputs(node: Node, inputs: readonly (Value | null)[]): void {
    const old = node.inputs;
    detachInputs(node);
    attachInputs(node, inputs);
    this.#emit("changed", node);
    for (const value of [...old, ...inputs]) this.#emitUsers(value);
  }

  /** Sets or (null) removes an attribute. */
  setAttribute(node: Node, name: string, input: AttributeInput | null): void {
    const attributes = mutable(node).attributes;
    if (input === null) attributes.delete(name);
    else {
      const attribute = toAttribute(input, schemaOf(node.op, node.domain)?.attributes[name]?.kind ?? null);
      for (const body of graphsOf(attribute)) own(body, node);
      attributes.set(name, attribute);
    }
    this.#emit("changed", node);
  }

  /** Removes a node whose results nobody reads. */
  erase(node: Node): void {
    invariant(!node.erased && node.graph === this.graph, `erase of ${node.label}, which is not in this graph`);
    for (const value of node.outputs) {
      if (!value) continue;
      invariant(value.uses.size === 0 && !value.isGraphOutput, `erase of ${node.label}: ${value.name} is still used`);
      mutable(this.graph).values.delete(value.name);
    }
    for (const attribute of node.attributes.values()) for (const body of graphsOf(attribute)) detachBody(body);
    detachInputs(node);
    unlink(this.graph.nodes, node);
    mutable(node).erased = true;
    if (node.name) this.#bequeath(node.name);
    this.#emit("erased", node);
    for (const value of node.inputs) this.#emitUsers(value);
  }

  /** Removes an initializer nobody reads. */
  removeInitializer(value: Value): void {
    invariant(
      value.initializer && value.uses.size === 0 && !value.isGraphOutput,
      `initializer ${value.name} is still used`,
    );
    mutable(this.graph).initializers.delete(value);
    mutable(value).initializer = null;
    if (!value.isGraphInput) mutable(this.graph).values.delete(value.name);
  }

  /** Gives an initializer other data, of any type. */
  setInitializer(value: Value, tensor: Tensor): void {
    invariant(value.initializer, `${value.name} is not an initializer`);
    mutable(value).initializer = tensor;
    mutable(value).type = tensor.type;
  }

  /** Says what a value is to the model: a parameter, a buffer, or neither. */
  setRole(value: Value, role: Role): void {
    mutable(value).role = role;
  }

  /** Sets the type of a value; null where nothing is known of it. */
  setType(value: Value, type: ValueType | null): void {
    mutable(value).type = type;
  }

  /** Gives a value another name, which must be free in its graph. */
  rename(value: Value, name: string): void {
    const values = mutable(value.graph).values;
    invariant(!values.has(name), `rename ${value.name} to ${name}, which exists`);
    values.delete(value.name);
    mutable(value).name = name;
    values.set(name, value);
    value.graph.names.take(name);
  }

  /** Moves a node before another one of the same graph, or to the end. */
  move(node: Node, before: Node | null): void {
    unlink(this.graph.nodes, node);
    link(this.graph.nodes, node, before);
  }

  /** Frees a node's name, or gives it to the node that takes the erased one's place. */
  #bequeath(name: string): void {
    const { names } = this.graph;
    names.release(name);
    const heir = this.#waiting.get(name);
    this.#waiting.delete(name);
    if (!heir || heir.erased || names.has(name)) return;
    names.release(heir.name);
    names.take(name);
    mutable(heir).name = name;
  }

  #replaceOutput(graph: Graph, from: Value, to: Value): void {
    const position = graph.outputs.indexOf(from);
    let replacement = to;
    if (to.producer === null || to.graph !== graph || to.isGraphOutput) {
      const editor = graph === this.graph ? this : new GraphEditor(graph);
      replacement = editor.#atEnd(() => editor.node("Identity", [to])).output;
    }
    mutable(graph).outputs[position] = replacement;
    addReturn(replacement, graph);
    if (!graph.outputs.includes(from)) removeReturn(from, graph);
    if (from.graph === graph) {
      const name = from.name;
      this.rename(from, graph.names.fresh(name));
      this.rename(replacement, name);
    }
  }

  #atEnd<T>(build: () => T): T {
    const saved = this.#before;
    this.#before = null;
    try {
      return build();
    } finally {
      this.#before = saved;
    }
  }

  #value(name: string, type: ValueType | null, producer: Node | null = null, index = 0): Value {
    invariant(!this.graph.values.has(name), `value ${name} exists already`);
    const value = new Value(this.graph, name, type);
    const writable = mutable(value);
    writable.producer = producer;
    writable.outputIndex = index;
    mutable(this.graph).values.set(name, value);
    this.graph.names.take(name);
    return value;
  }

  #claim(name: string): string {
    this.graph.names.take(name);
    return name;
  }

  #emit(event: "created" | "erased" | "changed", node: Node): void {
    for (const listener of this.#listeners) listener[event]?.(node);
  }

  #emitUsers(value: Value | null): void {
    if (value) for (const listener of this.#listeners) listener.usersChanged?.(value);
  }
}

function own(body: Graph, node: Node): void {
  mutable(body).owner = node;
}

/** Unregisters what the nodes of an erased body read; an explicit stack, because bodies may nest deeply. */
function detachBody(body: Graph): void {
  const pending = [body];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    for (const value of graph.outputs) removeReturn(value, graph);
    for (const node of graph.nodes) {
      detachInputs(node);
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
}
