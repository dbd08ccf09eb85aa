import type { Tensor } from "../tensor.ts";
import type { DType, Shape, ValueType, Dim } from "../types.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";

/** One operand slot of a node that reads a value. Identity is stable, so quantization plans may key on it. */
export interface Use {
  readonly node: Node;
  /** Operand index in `node.inputs`. */
  readonly index: number;
}

/**
 * What an initializer is for: trained (`parameter`), state that a step updates but no gradient reaches (`buffer`), or
 * fixed (`constant`).
 */
export type Role = "parameter" | "buffer" | "constant";

/** Few values are returned; the others share this set, so that a large graph does not hold an empty one for each. */
const noGraphs: ReadonlySet<Graph> = new Set();

/**
 * A tensor (or other ONNX value) that flows through a graph: a graph input, an initializer, or one output of a node.
 *
 * Read-only to everyone; `GraphEditor` changes it.
 */
export class Value {
  readonly name: string;
  readonly graph: Graph;
  /** Null until declared or inferred. */
  readonly type: ValueType | null;
  /** The node that computes it; null for graph inputs and initializers. */
  readonly producer: Node | null = null;
  /** Index among the producer's outputs. */
  readonly outputIndex: number = 0;
  /** The data of an initializer. A graph input of an old model may have one too: a default that callers can override. */
  readonly initializer: Tensor | null = null;
  readonly role: Role = "constant";
  readonly isGraphInput: boolean = false;
  readonly uses: ReadonlySet<Use> = new Set();
  /** The graphs that return it: its own, or bodies inside it that pass it through. */
  readonly returnedBy: ReadonlySet<Graph> = noGraphs;
  /** Known elements of a small tensor, row-major, symbols included: what shape arithmetic runs on. Bools are 0 and 1. */
  readonly elements: readonly Dim[] | null = null;

  /** @internal Values are made by `GraphEditor` and the importers. */
  constructor(graph: Graph, name: string, type: ValueType | null) {
    this.graph = graph;
    this.name = name;
    this.type = type;
  }

  /** The data of an initializer that nobody can override or train: safe to fold. */
  get constant(): Tensor | null {
    return this.isGraphInput || this.role !== "constant" ? null : this.initializer;
  }

  /** Element type, or null when unknown or not a tensor. */
  get dtype(): DType | null {
    return this.type?.kind === "tensor" ? this.type.dtype : null;
  }

  /** Dimensions, or null when unknown or not a tensor. */
  get shape(): Shape | null {
    return this.type?.kind === "tensor" ? this.type.shape : null;
  }

  /** Whether any graph returns it. */
  get isGraphOutput(): boolean {
    return this.returnedBy.size > 0;
  }

  /** The nodes that read it, each once, in the order they began to. */
  get users(): readonly Node[] {
    return [...new Set([...this.uses].map((use) => use.node))];
  }
}
