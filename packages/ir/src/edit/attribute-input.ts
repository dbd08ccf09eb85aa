import { invariant } from "../diagnostics.ts";
import type { Attribute, AttributeInput, AttributeKind } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import { Tensor } from "../tensor.ts";

/** An attribute from a plain value; `kind` (from the op's schema) decides between int and float for numbers. */
export function toAttribute(input: AttributeInput, kind: AttributeKind | null): Attribute {
  if (isTagged(input)) return input;
  if (input instanceof Tensor) return { kind: "tensor", value: input };
  if (input instanceof Graph) return { kind: "graph", value: input };
  if (typeof input === "string") return { kind: "string", value: input };
  if (typeof input === "boolean") return { kind: "int", value: input ? 1n : 0n };
  if (typeof input === "bigint") return { kind: "int", value: input };
  if (typeof input === "number") {
    if (kind === "float" || (kind === null && !Number.isInteger(input)))
      return { kind: "float", value: Math.fround(input) };
    invariant(Number.isInteger(input), `attribute value ${input} is not an integer`);
    return { kind: "int", value: BigInt(input) };
  }
  if (kind === "strings" || (kind === null && typeof input[0] === "string")) {
    return { kind: "strings", value: input as readonly string[] };
  }
  const numbers = input as readonly number[];
  if (kind === "floats" || (kind === null && !numbers.every(Number.isInteger))) {
    return { kind: "floats", value: numbers.map(Math.fround) };
  }
  return { kind: "ints", value: numbers.map(BigInt) };
}

function isTagged(input: AttributeInput): input is Attribute {
  return (
    typeof input === "object" &&
    !Array.isArray(input) &&
    !(input instanceof Tensor) &&
    !(input instanceof Graph) &&
    "kind" in input
  );
}
