import type { Attribute, AttributeKind } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";
import { typeText } from "../types.ts";
import { quotable } from "./identifier.ts";
import { dataText, floatLiteral, stringLiteral } from "./print-literal.ts";

/** How the parts of an attribute print that the printer of graphs decides. */
export interface AttributeLayout {
  /** Kind by the op's schema, which the parser knows too. */
  readonly expected: AttributeKind | null;
  hasData(tensor: Tensor): boolean;
  graph(graph: Graph): string;
}

/**
 * `name = value`, with the kind between where the value alone would be read as another; null for what the syntax has
 * no form for (sparse tensors).
 */
export function attributeText(name: string, attribute: Attribute, layout: AttributeLayout): string | null {
  const value = valueText(attribute, layout);
  if (value === null) return null;
  const kind = needsKind(attribute, layout.expected)
    ? `: ${attribute.kind === "ref" ? attribute.of : attribute.kind}`
    : "";
  return `${quotable(name)}${kind} = ${value}`;
}

function needsKind(attribute: Attribute, expected: AttributeKind | null): boolean {
  if (attribute.kind === "ref") return true;
  if (Array.isArray(attribute.value) && attribute.value.length === 0) return true;
  return (attribute.kind === "int" && expected === "float") || (attribute.kind === "ints" && expected === "floats");
}

function valueText(attribute: Attribute, layout: AttributeLayout): string | null {
  switch (attribute.kind) {
    case "int":
      return String(attribute.value);
    case "float":
      return floatLiteral(attribute.value);
    case "string":
      return stringLiteral(attribute.value);
    case "tensor":
      return tensorText(attribute.value, attribute.name ?? "", layout);
    case "graph":
      return layout.graph(attribute.value);
    case "type_proto":
      return typeText(attribute.value);
    case "ints":
      return list(attribute.value.map(String));
    case "floats":
      return list(attribute.value.map(floatLiteral));
    case "strings":
      return list(attribute.value.map(stringLiteral));
    case "tensors":
      return list(attribute.value.map((tensor) => tensorText(tensor, "", layout)));
    case "graphs":
      return list(attribute.value.map((graph) => layout.graph(graph)));
    case "type_protos":
      return list(attribute.value.map(typeText));
    case "ref":
      return `@${quotable(attribute.value)}`;
    case "sparse_tensor":
      return null;
    case "sparse_tensors":
      return attribute.value.length === 0 ? "[]" : null;
  }
}

function list(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}

/** Empty braces stand for elements that are left out. */
function tensorText(tensor: Tensor, name: string, layout: AttributeLayout): string {
  const data = layout.hasData(tensor) ? dataText(tensor) : "{}";
  return `${typeText(tensor.type)}${name === "" ? "" : ` ${quotable(name)}`} ${data}`;
}
