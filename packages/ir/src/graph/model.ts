import type { Graph } from "./graph.ts";
import type { AttributeKind, Attribute } from "./attribute.ts";

/** The opset of the ONNX domain that schemas, rules, gradients and kernels of lowbit are written for. */
export const canonicalOpset = 21;

/** The newest opset of the ONNX domain that is known: of a newer one, nobody can say what a node means. */
export const newestOpset = 25;

/**
 * Whether models of this opset of the ONNX domain are written in canonical forms: the opsets after the canonical one add ops,
 * attributes and dtypes, and change nothing.
 */
export function isCanonicalOpset(opset: number | undefined): boolean {
  return opset !== undefined && opset >= canonicalOpset && opset <= newestOpset;
}

/** The domain of lowbit's own ops; they exist between passes and never in a file made for another runtime. */
export const lowbitDomain = "lowbit";

/** A model file: its main graph, the opsets it is written in, local functions and what describes it. */
export interface Model {
  readonly graph: Graph;
  irVersion: number;
  /** Domain to version; `""` is the ONNX domain. */
  readonly opsets: Map<string, number>;
  readonly functions: LocalFunction[];
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: number;
  docString: string;
  readonly metadata: Map<string, string>;
  /** Protobuf content the IR does not model (training info, unknown fields), carried to the saved file. */
  carried?: unknown;
}

/** A function defined in the model: a body of nodes over formal inputs, outputs and attributes. */
export interface LocalFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  /** Inputs, outputs and nodes; values have no types. */
  readonly body: Graph;
  readonly attributes: readonly {
    readonly name: string;
    readonly kind?: AttributeKind;
    readonly default?: Attribute;
  }[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly docString: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly carried?: unknown;
}

/** A model around a graph, in the canonical opset. */
export function newModel(graph: Graph): Model {
  return {
    graph,
    irVersion: 10,
    opsets: new Map([["", canonicalOpset]]),
    functions: [],
    producerName: "lowbit",
    producerVersion: "",
    domain: "",
    modelVersion: 0,
    docString: "",
    metadata: new Map(),
  };
}
