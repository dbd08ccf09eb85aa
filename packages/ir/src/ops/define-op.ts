import type { AttributeInput, AttributeKind } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Tensor } from "../tensor.ts";
import type { Dim, DType, Shape, ValueType } from "../types.ts";

/**
 * What is true of every node of an op, asked by passes instead of branching on op names.
 *
 * - `elementwise`: each output element depends on the elements at its own (broadcast) place only.
 * - `commutative`: the first two operands may be swapped.
 * - `linear`: a weighted sum of the first operand's elements (convolutions, matrix products).
 * - `keepsScale`: output elements are elements of the first operand (or zero-free choices among operands), so operand and
 *   result can share quantization parameters and the op can run on integers unchanged.
 * - `reduction`: combines elements along axes.
 * - `random`: two runs may differ; never folded, merged or duplicated.
 * - `sideEffect`: must not be removed even when unused.
 * - `shapeOnly`: the result depends on operand shapes only, not on their elements.
 * - `normalization`: centers and scales by statistics.
 */
export type Trait =
  | "elementwise"
  | "commutative"
  | "linear"
  | "keepsScale"
  | "reduction"
  | "random"
  | "sideEffect"
  | "shapeOnly"
  | "normalization";

/** What an operand is for: `data` flows through, `weight` and `bias` are learned, `parameter` is any other setting. */
export interface OperandRole {
  readonly role: "data" | "weight" | "bias" | "parameter";
  /** For weights: the axis of output channels, along which per-channel scales run. */
  readonly channelAxis?: number | ((node: Node) => number);
}

/** How one attribute is written: its kind, whether it must be present, and the value it has when absent. */
export interface AttributeSchema<K extends AttributeKind = AttributeKind, R extends boolean = boolean> {
  readonly kind: K;
  readonly required: R;
  readonly default?: AttributeInput;
}

/** An opset version, or how it follows from what a node uses of the op. */
export type Since = number | ((node: Node) => number);

/** What shape inference may ask about a node. */
export interface InferContext {
  readonly node: Node;
  /** Number of operand slots, absent ones included. */
  readonly inputCount: number;
  readonly outputCount: number;
  /** Type of an operand; null where it is unknown, or the operand is absent. */
  type(index: number): ValueType | null;
  /** Its element type; null where that is unknown. */
  dtype(index: number): DType | null;
  /** Its shape; null where not even the rank is known. */
  shape(index: number): Shape | null;
  /** Whether an operand is given. */
  has(index: number): boolean;
  /** Data of a constant operand. */
  constant(index: number): Tensor | null;
  /**
   * Known elements of a small rank-0 or rank-1 operand: numbers (0 and 1 for bool), symbols, null where unknown;
   * constants too.
   */
  elements(index: number): readonly Dim[] | null;
  /** The same for an operand of any rank and static shape, in row-major order. */
  flatElements(index: number): readonly Dim[] | null;
  /** @throws CompileError `shape/mismatch` naming the node. */
  fail(message: string): never;
}

/** What inference found: one type per output (null when unknown), and known elements of small outputs, row-major. */
export interface Inferred {
  readonly types: readonly (ValueType | null)[];
  readonly elements?: readonly (readonly Dim[] | null)[];
}

/** What is known of the values that enter a body (a graph attribute) when its node runs it. */
export interface BodyOperands {
  readonly body: Graph;
  /** One type per body input; null: as declared. */
  readonly inputs: readonly (ValueType | null)[];
  /** Pairs of a body output and the body input that receives it in the next iteration. */
  readonly feedback: readonly (readonly [output: number, input: number])[];
}

/**
 * The facts about one op in the canonical opset. Operand names end in `?` when optional and in `...` when variadic
 * (last only), as in `["X", "W", "B?"]`.
 */
export interface OpSchema<
  I extends readonly string[] = readonly string[],
  O extends readonly string[] = readonly string[],
  A extends Readonly<Record<string, AttributeSchema>> = Readonly<Record<string, AttributeSchema>>,
> {
  readonly op: string;
  readonly domain: string;
  /** The oldest opset of the domain in which a node of this form means the same; ask `sinceOf`. */
  readonly since: Since;
  readonly inputs: I;
  readonly outputs: O;
  readonly attributes: A;
  readonly traits: readonly Trait[];
  /** By operand name without its mark; unnamed operands are `data`. */
  readonly roles: Readonly<Record<string, OperandRole>>;
  /** Finds the types of the outputs, and what their elements are where that is known. @throws CompileError `shape/mismatch` */
  readonly infer: (context: InferContext) => Inferred;
  /** For ops with bodies: what enters them. `infer` then reads the types of their outputs. */
  readonly bodies?: (context: InferContext) => readonly BodyOperands[];
}

/** Declares an op; the literal types of operands and attributes make the builder's types. */
export function defineOp<
  const I extends readonly string[],
  const O extends readonly string[],
  const A extends Readonly<Record<string, AttributeSchema>> = Readonly<Record<never, AttributeSchema>>,
>(
  op: string,
  facts: {
    readonly since: Since;
    readonly domain?: string;
    readonly inputs: I;
    readonly outputs: O;
    readonly attributes?: A;
    readonly traits?: readonly Trait[];
    readonly roles?: Readonly<Record<string, OperandRole>>;
    readonly infer: (context: InferContext) => Inferred;
    readonly bodies?: (context: InferContext) => readonly BodyOperands[];
  },
): OpSchema<I, O, A> {
  return {
    op,
    domain: facts.domain ?? "",
    since: facts.since,
    inputs: facts.inputs,
    outputs: facts.outputs,
    attributes: facts.attributes ?? ({} as A),
    traits: facts.traits ?? [],
    roles: facts.roles ?? {},
    infer: facts.infer,
    ...(facts.bodies && { bodies: facts.bodies }),
  };
}

type Optional<K extends AttributeKind> = AttributeSchema<K, false>;

const optional =
  <K extends AttributeKind>(kind: K) =>
  (fallback?: AttributeInput): Optional<K> =>
    fallback === undefined ? { kind, required: false } : { kind, required: false, default: fallback };

/** An integer attribute; the argument is its value when absent. */
export const int = optional("int");
/** A list of integers; the argument is its value when absent. */
export const ints = optional("ints");
/** A float attribute; the argument is its value when absent. */
export const float = optional("float");
/** A list of floats; the argument is its value when absent. */
export const floats = optional("floats");
/** A string attribute; the argument is its value when absent. */
export const string = optional("string");
/** A list of strings; the argument is its value when absent. */
export const strings = optional("strings");
/** A tensor attribute that may be absent. */
export const tensor = optional("tensor");
/** A graph attribute that may be absent. */
export const graph = optional("graph");
/** An attribute that holds a type, and may be absent. */
export const typeProto = optional("type_proto");

/** The same attribute, but one that must be present. */
export function required<K extends AttributeKind>(schema: AttributeSchema<K, false>): AttributeSchema<K, true> {
  return { kind: schema.kind, required: true };
}

type AttributeValue<K extends AttributeKind> = K extends "int"
  ? number | bigint | boolean
  : K extends "float"
    ? number
    : K extends "string"
      ? string
      : K extends "ints" | "floats"
        ? readonly number[]
        : K extends "strings"
          ? readonly string[]
          : K extends "tensor"
            ? Tensor
            : K extends "graph"
              ? Graph
              : AttributeInput;

type RequiredNames<A> = { [N in keyof A]: A[N] extends AttributeSchema<AttributeKind, true> ? N : never }[keyof A];

/** The attribute object a builder call takes for a schema. */
export type AttributesOf<A extends Readonly<Record<string, AttributeSchema>>> = {
  readonly [N in RequiredNames<A>]: AttributeValue<A[N]["kind"]>;
} & {
  readonly [N in Exclude<keyof A, RequiredNames<A>>]?: AttributeValue<A[N]["kind"]> | undefined;
};

/** The oldest opset of the op's domain in which this node, in its canonical form, means the same. */
export function sinceOf(schema: OpSchema, node: Node): number {
  return typeof schema.since === "number" ? schema.since : schema.since(node);
}

/** Whether an operand or output name is marked variadic (`...`) or optional (`?`). */
export function arity(name: string): "one" | "optional" | "variadic" {
  if (name.endsWith("...")) return "variadic";
  return name.endsWith("?") ? "optional" : "one";
}

/** Name of the operand at an index, without its mark; a variadic name serves all indices from its own. */
export function operandName(schema: OpSchema, index: number): string | null {
  const name = schema.inputs[Math.min(index, schema.inputs.length - 1)];
  if (name === undefined || (index >= schema.inputs.length && arity(name) !== "variadic")) return null;
  return name.replace(/(\.\.\.|\?)$/, "");
}

/** The role of the operand at an index; `data` unless the schema says otherwise. */
export function operandRole(schema: OpSchema, index: number): OperandRole {
  return schema.roles[operandName(schema, index) ?? ""] ?? { role: "data" };
}
