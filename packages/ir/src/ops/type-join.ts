import type { Graph } from "../graph/graph.ts";
import { graphsOf } from "../graph/attribute.ts";
import type { Node } from "../graph/node.ts";
import { symbolsOf } from "./dim-algebra.ts";
import { tensorType, type Shape, type ValueType } from "../types.ts";

/**
 * The type that holds whichever of two values comes: dimensions on which they differ are unknown. Undefined when no
 * type holds both (different kinds or dtypes). When one is unknown, the dtype of a tensor is all that can be said.
 */
export function joinTypes(a: ValueType | null, b: ValueType | null): ValueType | null | undefined {
  if (a === null || b === null) {
    const known = a ?? b;
    return known?.kind === "tensor" ? tensorType(known.dtype, null) : null;
  }
  if (a.kind === "tensor" || a.kind === "sparse_tensor") {
    if (a.kind !== b.kind || a.dtype !== b.dtype) return undefined;
    return { ...a, shape: joinShapes(a.shape, b.shape) };
  }
  if (a.kind === "sequence" || a.kind === "optional") {
    if (a.kind !== b.kind) return undefined;
    const element = a.element === null ? b.element : b.element === null ? a.element : joinTypes(a.element, b.element);
    return element === undefined ? undefined : { kind: a.kind, element };
  }
  if (a.kind !== b.kind) return undefined;
  return a;
}

function joinShapes(a: Shape | null, b: Shape | null): Shape | null {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((dim, axis) => (dim === b[axis] ? dim : null));
}

/** A type without the symbols that mean nothing outside the bodies of a node: sizes found inside them. */
export function outsideBodies(node: Node, type: ValueType | null): ValueType | null {
  if (type === null || !hasSymbol(type)) return type;
  const visible = visibleSymbols(node);
  return mapDims(type, (dim) => (symbolsOf(dim).every((symbol) => visible.has(symbol)) ? dim : null));
}

/** A type with its dimensions replaced, in elements of sequences and optionals too. */
export function mapDims(type: ValueType, replace: (dim: Shape[number], axis: number) => Shape[number]): ValueType {
  if (type.kind === "tensor" || type.kind === "sparse_tensor") {
    return type.shape === null ? type : { ...type, shape: type.shape.map(replace) };
  }
  if (type.kind === "sequence" || type.kind === "optional") {
    return { kind: type.kind, element: type.element && mapDims(type.element, replace) };
  }
  return type;
}

function hasSymbol(type: ValueType): boolean {
  if (type.kind === "tensor" || type.kind === "sparse_tensor") {
    return type.shape?.some((dim) => typeof dim === "string") ?? false;
  }
  return (type.kind === "sequence" || type.kind === "optional") && type.element !== null && hasSymbol(type.element);
}

/** Symbols of what a node and its bodies read from the graphs around the bodies. */
function visibleSymbols(node: Node): ReadonlySet<string> {
  const symbols = new Set<string>();
  const inside = new Set<Graph>();
  const pending: Node[] = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const value of next.inputs) {
      if (value && !inside.has(value.graph)) collectSymbols(value.type, symbols);
    }
    for (const attribute of next.attributes.values()) {
      for (const body of graphsOf(attribute)) {
        inside.add(body);
        pending.push(...body.nodes);
        for (const value of body.outputs) if (!inside.has(value.graph)) collectSymbols(value.type, symbols);
      }
    }
  }
  return symbols;
}

function collectSymbols(type: ValueType | null, symbols: Set<string>): void {
  if (type === null) return;
  mapDims(type, (dim) => {
    for (const symbol of symbolsOf(dim)) symbols.add(symbol);
    return dim;
  });
}
