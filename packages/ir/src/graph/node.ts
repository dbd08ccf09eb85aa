import { invariant } from "../diagnostics.ts";
import type { Tensor } from "../tensor.ts";
import type { Attribute, StringValue } from "./attribute.ts";
import type { Graph } from "./graph.ts";
import type { Origin } from "./origin.ts";
import type { Use, Value } from "./value.ts";

/**
 * One operation: an op of a domain, operands, results and attributes.
 *
 * Read-only to everyone; `GraphEditor` changes it. Optional operands that are absent are null.
 */
export class Node {
  readonly op: string;
  /** `""` is the ONNX domain. */
  readonly domain: string;
  /** The model's own node name, possibly empty; see `label` for something to show. */
  readonly name: string;
  readonly inputs: readonly (Value | null)[] = [];
  /** Absent optional outputs are null. */
  readonly outputs: readonly (Value | null)[] = [];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly graph: Graph;
  readonly origin: Origin | null;
  readonly docString: string;
  /** Model metadata of the node, and the overload of a local function. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly overload: string;
  /** The slots of `inputs`; absent operands have one too. */
  readonly operands: readonly Use[] = [];
  /** Whether the node still belongs to its graph. */
  readonly erased: boolean = false;
  /** Neighbours in the graph's order; an erased node keeps its `next` so that iteration can go on. */
  readonly previous: Node | null = null;
  readonly next: Node | null = null;
  /** Protobuf content the IR does not model (unknown fields, device configurations), carried to the saved file. */
  readonly carried: unknown = undefined;

  /** @internal Nodes are made by `GraphEditor` and the importers. */
  constructor(graph: Graph, fields: NodeFields) {
    this.graph = graph;
    this.op = fields.op;
    this.domain = fields.domain;
    this.name = fields.name;
    this.attributes = fields.attributes;
    this.origin = fields.origin;
    this.docString = fields.docString ?? "";
    this.metadata = fields.metadata ?? noMetadata;
    this.overload = fields.overload ?? "";
    this.carried = fields.carried;
  }

  /** The first output: what most ops have. */
  get output(): Value {
    const first = this.outputs[0];
    invariant(first, `${this.op} node "${this.label}" has no first output`);
    return first;
  }

  /** The first operand. */
  get input(): Value {
    const first = this.inputs[0];
    invariant(first, `${this.op} node "${this.label}" has no first operand`);
    return first;
  }

  /** The node's name, or the name of its first output when it has none. */
  get label(): string {
    return this.name || (this.outputs.find((value) => value !== null)?.name ?? this.op);
  }

  /** Whether this is the op of the ONNX domain, or of the given one. */
  is(op: string, domain = ""): boolean {
    return this.op === op && this.domain === domain;
  }

  /** An integer attribute; values beyond ±2^53 are clamped, which is what "to the end" markers mean. */
  int(name: string, fallback: number): number {
    const attribute = this.attributes.get(name);
    return attribute?.kind === "int" ? clampToNumber(attribute.value) : fallback;
  }

  /** A list-of-integers attribute, clamped like `int`. */
  ints<F extends readonly number[] | null>(name: string, fallback: F): readonly number[] | F {
    const attribute = this.attributes.get(name);
    return attribute?.kind === "ints" ? attribute.value.map(clampToNumber) : fallback;
  }

  /** A float attribute, or `fallback` where the node has none. */
  float(name: string, fallback: number): number {
    const attribute = this.attributes.get(name);
    return attribute?.kind === "float" ? attribute.value : fallback;
  }

  /** A string attribute, or `fallback` where the node has none. */
  string(name: string, fallback: string): string {
    const attribute = this.attributes.get(name);
    return attribute?.kind === "string" ? stringText(attribute.value) : fallback;
  }

  /** A tensor attribute; null where the node has none. */
  tensor(name: string): Tensor | null {
    const attribute = this.attributes.get(name);
    return attribute?.kind === "tensor" ? attribute.value : null;
  }

  /** A graph attribute, such as a branch of If; null where the node has none. */
  subgraph(name: string): Graph | null {
    const attribute = this.attributes.get(name);
    return attribute?.kind === "graph" ? attribute.value : null;
  }
}

/** What a node is made of besides its operands and results. */
export interface NodeFields {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly origin: Origin | null;
  readonly docString?: string;
  readonly metadata?: ReadonlyMap<string, string>;
  readonly overload?: string;
  readonly carried?: unknown;
}

const noMetadata: ReadonlyMap<string, string> = new Map();

function clampToNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
  if (value < BigInt(Number.MIN_SAFE_INTEGER)) return Number.MIN_SAFE_INTEGER;
  return Number(value);
}

/** A string attribute as text; bytes that are not UTF-8 become replacement characters. */
export function stringText(value: StringValue): string {
  return typeof value === "string" ? value : new TextDecoder().decode(value);
}
