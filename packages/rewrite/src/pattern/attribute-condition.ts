import { schemaOf, stringText, type Attribute, type AttributeInput, type Node, type StringValue } from "@lowbit/ir";

/** A value an attribute must have (an absent one counts as its default), or a test of it. */
export type AttributeCondition =
  | number
  | string
  | boolean
  | readonly number[]
  | ((value: AttributeInput | null) => boolean);

/** Why a node's attribute does not meet a condition; null when it does. */
export function attributeObjection(node: Node, name: string, condition: AttributeCondition): string | null {
  const actual = plainAttribute(node, name);
  if (typeof condition === "function") {
    return condition(actual) ? null : `attribute ${name} is ${shown(actual)}`;
  }
  const expected = typeof condition === "boolean" ? Number(condition) : condition;
  return sameAttribute(actual, expected) ? null : `attribute ${name} is ${shown(actual)} instead of ${shown(expected)}`;
}

function plainAttribute(node: Node, name: string): AttributeInput | null {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return schemaOf(node.op, node.domain)?.attributes[name]?.default ?? null;
  return plainValue(attribute);
}

function plainValue(attribute: Attribute): AttributeInput | null {
  switch (attribute.kind) {
    case "int":
      return Number(attribute.value);
    case "ints":
      return attribute.value.map(Number);
    case "float":
    case "floats":
    case "tensor":
    case "graph":
      return attribute.value;
    case "string":
      return stringText(attribute.value);
    case "strings":
      return attribute.value.map((value: StringValue) => stringText(value));
    default:
      return attribute;
  }
}

function sameAttribute(actual: AttributeInput | null, expected: AttributeInput): boolean {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.length === expected.length && actual.every((value, i) => sameAttribute(value, expected[i]));
  }
  if (typeof actual === "number" && typeof expected === "number") {
    return actual === expected || actual === Math.fround(expected);
  }
  return actual === expected || (typeof actual === "boolean" && Number(actual) === expected);
}

function shown(value: AttributeInput | null): string {
  if (value === null) return "absent";
  if (typeof value === "object" && !Array.isArray(value)) return "of another kind";
  return typeof value === "string" ? `"${value}"` : JSON.stringify(value);
}
