import { operandName, schemaOf, type Graph, type Node, type Use, type Value } from "@lowbit/ir";
import { isUse, type QuantPoint } from "./spec.ts";

/**
 * Names for the points of a graph and back: a value by its name, an operand slot as `node#operand`.
 *
 * A node is called by its name where that is unique in the graph, otherwise by its first result; an operand by the name
 * in the op's schema, with its index behind a variadic one (`inputs1`), or by index alone.
 */
export class PointNames {
  readonly #graph: Graph;
  readonly #byName = new Map<string, Node | null>();

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const node of graph.nodes) {
      if (node.name !== "") this.#byName.set(node.name, this.#byName.has(node.name) ? null : node);
    }
  }

  /** What a node is called. */
  node(node: Node): string {
    if (node.name !== "" && this.#byName.get(node.name) === node) return node.name;
    return node.outputs.find((value) => value !== null)?.name ?? node.label;
  }

  /** What a point is called. */
  of(point: QuantPoint): string {
    return isUse(point) ? `${this.node(point.node)}#${operandText(point)}` : point.name;
  }

  /** The node of that name; null when there is none. */
  findNode(name: string): Node | null {
    return this.#byName.get(name) ?? this.#graph.value(name)?.producer ?? null;
  }

  /** The point of that name; null when there is none. */
  find(name: string): QuantPoint | null {
    const value: Value | null = this.#graph.value(name);
    if (value) return value;
    const split = name.lastIndexOf("#");
    const node = split < 0 ? null : this.findNode(name.slice(0, split));
    const operand = name.slice(split + 1);
    return node?.operands.find((use) => operandText(use) === operand || String(use.index) === operand) ?? null;
  }
}

function operandText({ node, index }: Use): string {
  const schema = schemaOf(node.op, node.domain);
  const name = schema && operandName(schema, index);
  if (!schema || name === null) return String(index);
  return schema.inputs.at(-1)!.endsWith("...") && index >= schema.inputs.length - 1
    ? `${name}${index - schema.inputs.length + 1}`
    : name;
}
