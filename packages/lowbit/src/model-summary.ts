import { isFloat, isInteger, tensorsOf, typeText, type Model, type Tensor, type Value } from "@lowbit/ir";
import { graphsWithin } from "@lowbit/rewrite";

/** A model's facts, as data. */
export interface ModelSummary {
  readonly irVersion: number;
  /** Opset by domain; `""` is the ONNX domain. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly inputs: readonly PortSummary[];
  readonly outputs: readonly PortSummary[];
  /** Of the main graph and all bodies. */
  readonly nodes: number;
  /** How many nodes of each op, the most frequent first; ops of other domains as `domain::op`. */
  readonly ops: Readonly<Record<string, number>>;
  /** Elements of weights: initializers and Constant nodes of numbers, apart from int64, which holds shapes. */
  readonly parameters: number;
  /** Bytes of all tensors. */
  readonly tensorBytes: number;
}

/** An input or output. */
export interface PortSummary {
  readonly name: string;
  /** As the ONNX text form writes it, `float[N,3,224,224]`. */
  readonly type: string;
}

/** Collects a model's facts without changing it. */
export function summarize(model: Model): ModelSummary {
  const nodes = graphsWithin(model.graph).flatMap((graph) => [...graph.nodes]);
  const ops = new Map<string, number>();
  for (const { op, domain } of nodes) {
    const name = domain === "" ? op : `${domain}::${op}`;
    ops.set(name, (ops.get(name) ?? 0) + 1);
  }
  const tensors = [...tensorsOf(model)];
  const sum = (list: readonly Tensor[], of: (tensor: Tensor) => number): number =>
    list.reduce((total, tensor) => total + of(tensor), 0);
  return {
    irVersion: model.irVersion,
    opsets: Object.fromEntries(model.opsets),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
    inputs: model.graph.inputs.filter(({ initializer }) => !initializer).map(port),
    outputs: model.graph.outputs.map(port),
    nodes: nodes.length,
    ops: Object.fromEntries([...ops].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))),
    parameters: sum(tensors.filter(isWeight), (tensor) => tensor.size),
    tensorBytes: sum(tensors, (tensor) => tensor.source.byteLength),
  };
}

function port({ name, type }: Value): PortSummary {
  return { name, type: typeText(type) };
}

function isWeight({ dtype }: Tensor): boolean {
  return isFloat(dtype) || (isInteger(dtype) && dtype !== "int64");
}
