import { stringText, type Node } from "@lowbit/ir";

/** A list-of-floats attribute. */
export function floatsAttribute<F extends readonly number[] | null>(
  node: Node,
  name: string,
  fallback: F,
): readonly number[] | F {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "floats" ? attribute.value : fallback;
}

/** A list-of-strings attribute. */
export function stringsAttribute<F extends readonly string[] | null>(
  node: Node,
  name: string,
  fallback: F,
): readonly string[] | F {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "strings" ? attribute.value.map(stringText) : fallback;
}

/** A float attribute that has no default. */
export function optionalFloat(node: Node, name: string): number | null {
  return node.attributes.has(name) ? node.float(name, 0) : null;
}

/** An integer attribute that has no default. */
export function optionalInt(node: Node, name: string): number | null {
  return node.attributes.has(name) ? node.int(name, 0) : null;
}
