import { invariant } from "../diagnostics.ts";
import type { GraphEditor } from "../edit/graph-editor.ts";
import { mutable } from "../edit/mutable.ts";
import type { Attribute } from "../graph/attribute.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { Tensor } from "../tensor.ts";
import type { DType, Shape } from "../types.ts";

/**
 * One change of an op's form: what turns a node as opsets before `opset` write it into the form of `opset`, with the
 * same meaning. Changes that leave old nodes valid (new dtypes, new optional attributes) have no entry.
 */
export interface Upgrade {
  readonly op: string;
  readonly opset: number;
  readonly upgrade: (step: UpgradeStep) => void;
}

/** Thrown by an upgrade that has no equivalent; the driver makes the diagnostic. */
export class NoEquivalent extends Error {}

/** What an upgrade may ask about the model around its node. */
export interface UpgradeSurroundings {
  readonly editor: GraphEditor;
  /** The opset the whole conversion aims at: forms up to it may be used. */
  readonly target: number;
  /** Makes the types of the values before the node as good as inference can. */
  readonly inferBefore: (node: Node) => void;
  /** Adds data at the editor's insertion point. */
  readonly constant: (tensor: Tensor, name: string) => Value;
}

/** A node that is being upgraded; new nodes go before it. */
export class UpgradeStep {
  readonly node: Node;
  readonly editor: GraphEditor;
  readonly target: number;
  readonly #around: UpgradeSurroundings;

  constructor(node: Node, around: UpgradeSurroundings) {
    this.node = node;
    this.editor = around.editor;
    this.target = around.target;
    this.#around = around;
  }

  /** Ends the conversion of this node. */
  unsupported(reason: string): never {
    throw new NoEquivalent(reason);
  }

  int(name: string, fallback: number): number {
    this.#refuseReference(name);
    return this.node.int(name, fallback);
  }

  ints(name: string): readonly number[] | null {
    this.#refuseReference(name);
    return this.node.ints(name, null);
  }

  float(name: string, fallback: number): number {
    this.#refuseReference(name);
    return this.node.float(name, fallback);
  }

  floats(name: string): readonly number[] | null {
    this.#refuseReference(name);
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === "floats" ? attribute.value : null;
  }

  string(name: string, fallback: string): string {
    this.#refuseReference(name);
    return this.node.string(name, fallback);
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  drop(...names: readonly string[]): void {
    for (const name of names) if (this.has(name)) this.editor.setAttribute(this.node, name, null);
  }

  set(name: string, value: number | string): void {
    this.editor.setAttribute(this.node, name, value);
  }

  /** Gives the node another op; its operands must be in the new op's form already. */
  rename(op: string): void {
    mutable(this.node).op = op;
  }

  /** The operand at an index, null when absent. */
  operand(index: number): Value | null {
    return this.node.inputs[index] ?? null;
  }

  /** Sets operands by index; the ones between stay, absent ones at the end are left out. */
  setOperands(operands: Readonly<Record<number, Value | null>>): void {
    const inputs = [...this.node.inputs];
    for (const [index, value] of Object.entries(operands)) {
      while (inputs.length < Number(index)) inputs.push(null);
      inputs[Number(index)] = value;
    }
    while (inputs.length > 0 && inputs.at(-1) === null) inputs.pop();
    this.editor.setInputs(this.node, inputs);
  }

  constant(dtype: DType, values: readonly number[], name: string, dims?: readonly number[]): Value {
    return this.#around.constant(Tensor.of(dtype, values, dims), `${this.node.label}_${name}`);
  }

  /**
   * An integer attribute (or list) as an int64 tensor of rank 1, and without it null; the attribute is dropped. In the
   * body of a local function, an attribute of the function becomes a Constant of it.
   */
  intsOperand(name: string): Value | null {
    const attribute = this.node.attributes.get(name);
    if (!attribute) return null;
    this.drop(name);
    if (attribute.kind === "ref") return this.#referenced(attribute, name);
    if (attribute.kind === "int") return this.constant("int64", [clamped(attribute.value)], name);
    if (attribute.kind !== "ints") this.unsupported(`attribute ${name} is no list of integers`);
    return this.#around.constant(int64Tensor(attribute.value), `${this.node.label}_${name}`);
  }

  /** A float attribute as a scalar of the dtype of `like` (null: float), and without it null; the attribute is dropped. */
  scalarOperand(name: string, like: Value | null): Value | null {
    const attribute = this.node.attributes.get(name);
    if (!attribute) return null;
    this.drop(name);
    if (attribute.kind === "float") return this.scalar(attribute.value, name, like);
    if (attribute.kind !== "ref") this.unsupported(`attribute ${name} is no number`);
    return this.#cast(this.#referenced(attribute, name), like);
  }

  /** A number as a scalar of the dtype of `like` (null: float). */
  scalar(value: number, name: string, like: Value | null): Value {
    const dtype = like ? this.dtype(like) : "float";
    if (dtype) return this.constant(dtype, [value], name, []);
    return this.#cast(this.constant("float", [value], name, []), like);
  }

  /** Element type of a value, as far as it can be known. */
  dtype(value: Value): DType | null {
    if (value.dtype === null) this.#around.inferBefore(this.node);
    return value.dtype;
  }

  /** Shape of a value, as far as it can be known. */
  shape(value: Value): Shape | null {
    if (value.shape === null) this.#around.inferBefore(this.node);
    return value.shape;
  }

  /** Lets `value` take the place (and the name) of the node's first result, and erases the node. */
  replaceBy(value: Value): void {
    const { node, editor } = this;
    const old = node.output;
    const { name, type } = old;
    invariant(
      node.outputs.every((output) => output === old || !output || (output.uses.size === 0 && !output.isGraphOutput)),
      `replaceBy of ${node.label}, whose other results are read`,
    );
    editor.replaceAllUses(old, value);
    editor.erase(node);
    if (value.name !== name && !editor.graph.values.has(name)) editor.rename(value, name);
    if (value.type === null && type !== null) editor.setType(value, type);
  }

  #cast(value: Value, like: Value | null): Value {
    if (!like) return value;
    if (this.target < 15) return this.unsupported("the element type of its operand is not known");
    return this.editor.node("CastLike", [value, like]).output;
  }

  #referenced(attribute: Extract<Attribute, { kind: "ref" }>, name: string): Value {
    const member = { int: "value_int", ints: "value_ints", float: "value_float", floats: "value_floats" }[
      attribute.of as string
    ];
    if (member === undefined) return this.unsupported(`attribute ${name} is a parameter of the function around it`);
    const constant = this.editor.node("Constant", [], { [member]: attribute }, { name: `${this.node.label}_${name}` });
    // How many elements it has is known only where the function is called.
    this.editor.setType(constant.output, null);
    if (attribute.of !== "int") return constant.output;
    return this.editor.node("Reshape", [constant.output, this.constant("int64", [-1], "shape")]).output;
  }

  #refuseReference(name: string): void {
    if (this.node.attributes.get(name)?.kind === "ref") {
      this.unsupported(`attribute ${name} is a parameter of the function around it`);
    }
  }
}

function clamped(value: bigint): number {
  return Number(
    BigInt.asIntN(53, value) === value ? value : value > 0n ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER,
  );
}

function int64Tensor(values: readonly bigint[]): Tensor {
  return Tensor.of("int64", values);
}
