import type { Graph, NodeList } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Use, Value } from "../graph/value.ts";

type Mutable<T> = { -readonly [K in keyof T]: Writable<T[K]> };
type Writable<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : T extends ReadonlySet<infer E>
      ? Set<E>
      : T extends readonly (infer E)[]
        ? E[]
        : T;

/** The graph's fields as the editor and the importers may write them; the only door past `readonly`. */
export function mutable(graph: Graph): Mutable<Graph>;
export function mutable(node: Node): Mutable<Node>;
export function mutable(value: Value): Mutable<Value>;
export function mutable(list: NodeList): Mutable<NodeList>;
export function mutable(thing: unknown): unknown {
  return thing;
}

/** Puts a node into a list before another one, or at the end. */
export function link(list: NodeList, node: Node, before: Node | null): void {
  const previous = before === null ? list.last : before.previous;
  mutable(node).previous = previous;
  mutable(node).next = before;
  if (previous === null) mutable(list).first = node;
  else mutable(previous).next = node;
  if (before === null) mutable(list).last = node;
  else mutable(before).previous = node;
  mutable(list).length++;
}

/** Takes a node out of a list; the node keeps its `next` so that an iteration standing on it can go on. */
export function unlink(list: NodeList, node: Node): void {
  const { previous, next } = node;
  if (previous === null) mutable(list).first = next;
  else mutable(previous).next = next;
  if (next === null) mutable(list).last = previous;
  else mutable(next).previous = previous;
  mutable(list).length--;
}

/** Gives a node its operand slots and registers them as uses. */
export function attachInputs(node: Node, inputs: readonly (Value | null)[]): void {
  const writable = mutable(node);
  writable.inputs = [...inputs];
  writable.operands = inputs.map((_, index): Use => ({ node, index }));
  inputs.forEach((value, index) => {
    if (value) mutable(value).uses.add(node.operands[index]!);
  });
}

/** Unregisters a node's uses, those of graphs inside it included. */
export function detachInputs(node: Node): void {
  node.inputs.forEach((value, index) => {
    if (value) mutable(value).uses.delete(node.operands[index]!);
  });
}

/** Notes that a graph returns a value. The set of a value nobody returns is shared, so it is never added to. */
export function addReturn(value: Value, graph: Graph): void {
  mutable(value).returnedBy = new Set(value.returnedBy).add(graph);
}

/** Notes that a graph no longer returns a value. */
export function removeReturn(value: Value, graph: Graph): void {
  const rest = new Set(value.returnedBy);
  rest.delete(graph);
  mutable(value).returnedBy = rest;
}
