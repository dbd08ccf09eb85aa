import {
  graphsOf,
  GraphEditor,
  hasTrait,
  isFloat,
  schemaOf,
  type Attribute,
  type Graph,
  type Node,
  type Tensor,
  type Value,
} from "@lowbit/ir";
import { graphsWithin } from "../graphs-within.ts";
import { definePass } from "../pass/pass.ts";

const name = "common-subexpressions";

/** Lets nodes that compute the same from the same operands share one result. Equal small integers and
 * equal single numbers count as the same operand; larger float constants do not, because they may be trained apart. */
export const commonSubexpressions = definePass({
  name,
  summary: "Computes equal nodes once.",
  run(model, { explanation }) {
    let changed = 0;
    for (const graph of graphsWithin(model.graph)) {
      for (const [node, first] of repeats(graph)) {
        explanation?.applied(name, node, [node.label, first.label]);
        changed++;
      }
    }
    return { changed };
  },
});

/** Merges each node that repeats an earlier one into it, in graph order, so that what reads them can merge next. */
function* repeats(graph: Graph): Iterable<readonly [Node, Node]> {
  const editor = new GraphEditor(graph);
  const keys = new Keys();
  const seen = new Map<string, Node>();
  /** Nodes passed by without a key, because nothing else read the same. */
  const alone = new Set<Node>();
  const firstWith = (key: string | null, node: Node): Node | null => {
    if (key === null) return null;
    const first = seen.get(key) ?? null;
    if (!first) seen.set(key, node);
    return first;
  };
  for (const node of graph.nodes) {
    if (readsAlone(node)) {
      alone.add(node);
      continue;
    }
    const first = firstWith(keys.ofNode(node), node);
    if (!first || !canMerge(node, first)) continue;
    yield [node, first];
    for (const value of first.outputs) {
      if (value?.uses.size !== 1) continue;
      for (const { node: reader } of value.uses) if (alone.delete(reader)) firstWith(keys.ofNode(reader), reader);
    }
    node.outputs.forEach((value, index) => value && editor.replaceAllUses(value, first.outputs[index]!));
    editor.erase(node);
  }
}

/** Whether a node computes from something that only it reads, so that no other node computes the same. */
function readsAlone(node: Node): boolean {
  return node.inputs.some((value) => value !== null && value.uses.size === 1 && value.producer !== null);
}

/** Two graph outputs keep a node each: merging would only trade one for an Identity. */
function canMerge(node: Node, first: Node): boolean {
  return node.outputs.every((value, index) => !(value?.isGraphOutput && first.outputs[index]!.isGraphOutput));
}

/** Most bytes of a constant that is compared by content instead of identity. */
const maxContent = 64;

class Keys {
  readonly #ids = new Map<Value, number>();
  readonly #contents = new Map<Value, string>();

  /** Equal for nodes that compute the same; null for nodes that must not be merged. */
  ofNode(node: Node): string | null {
    const schema = schemaOf(node.op, node.domain);
    if (!schema || hasTrait(node, "random") || hasTrait(node, "sideEffect")) return null;
    const attributes: string[] = [];
    for (const [attribute, value] of node.attributes) {
      const text = attributeKey(value);
      if (text === null) return null;
      attributes.push(`${attribute}=${text}`);
    }
    const operands = node.inputs.map((value) => (value ? this.#ofValue(value) : "-"));
    if (schema.traits.includes("commutative")) operands.splice(0, 2, ...operands.slice(0, 2).sort());
    const results = node.outputs.map((value) => (value ? "y" : "-"));
    return [node.domain, node.op, attributes.sort().join(), operands.join(), results.join()].join("|");
  }

  #ofValue(value: Value): string {
    const known = this.#contents.get(value) ?? (value.constant && contentKey(value.constant));
    if (known) {
      this.#contents.set(value, known);
      return known;
    }
    let id = this.#ids.get(value);
    if (id === undefined) this.#ids.set(value, (id = this.#ids.size));
    return `v${id}`;
  }
}

function contentKey(tensor: Tensor): string | null {
  if (tensor.strings || tensor.source.byteLength > maxContent || (isFloat(tensor.dtype) && tensor.size > 1))
    return null;
  return `${tensor.dtype}[${tensor.dims.join()}]${[...tensor.bytes()].join()}`;
}

function attributeKey(attribute: Attribute): string | null {
  if (graphsOf(attribute).length > 0) return null;
  switch (attribute.kind) {
    case "int":
    case "float":
    case "string":
      return `${attribute.kind} ${JSON.stringify(String(attribute.value))}`;
    case "ints":
    case "floats":
    case "strings":
      return `${attribute.kind} ${JSON.stringify(attribute.value.map(String))}`;
    case "tensor":
      return contentKey(attribute.value);
    default:
      return null;
  }
}
