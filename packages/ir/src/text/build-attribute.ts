import type { Attribute, AttributeKind, StringValue } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";
import type { CompileError } from "../diagnostics.ts";
import { hasEscapedBytes, literalBytes } from "./identifier.ts";
import { floatOf } from "./parse-data.ts";
import type { AttributeSyntax, AttributeValueSyntax, GraphSyntax, TensorSyntax } from "./syntax.ts";

/** What building an attribute needs from the graph around it. */
export interface AttributeContext {
  /** Kind by the op's schema; decides what the value alone leaves open. */
  readonly expected: AttributeKind | null;
  graph(syntax: GraphSyntax): Graph;
  tensor(syntax: TensorSyntax): Tensor;
  fail(message: string): CompileError;
}

type Form = Exclude<AttributeValueSyntax["form"], "list" | "ref">;

const listOf: Readonly<Record<Form, AttributeKind>> = {
  int: "ints",
  float: "floats",
  string: "strings",
  tensor: "tensors",
  graph: "graphs",
  type_proto: "type_protos",
};

/** The attribute a piece of syntax stands for. An annotated kind must fit; the schema's is only a hint. */
export function buildAttribute(syntax: AttributeSyntax, context: AttributeContext): Attribute {
  const { value, kind: annotated } = syntax;
  const expected = annotated ?? context.expected;
  const attribute = buildValue(value, expected, context);
  if (annotated !== null && (attribute.kind === "ref" ? attribute.of : attribute.kind) !== annotated) {
    throw context.fail(`attribute ${syntax.name.text} is declared ${annotated} but its value is ${attribute.kind}`);
  }
  return attribute;
}

function buildValue(value: AttributeValueSyntax, expected: AttributeKind | null, context: AttributeContext): Attribute {
  switch (value.form) {
    case "ref":
      if (expected === null) throw context.fail("a reference needs a type, as in `alpha: float = @alpha`");
      return { kind: "ref", value: value.name, of: expected };
    case "list":
      return buildList(value.items, expected, context);
    case "int":
      if (expected === "float") return { kind: "float", value: toFloat(value.text, context) };
      return { kind: "int", value: toInt(value.text, context) };
    case "float":
      return { kind: "float", value: toFloat(value.text, context) };
    case "string":
      return { kind: "string", value: toStringValue(value.text) };
    case "tensor": {
      const data = context.tensor(value.tensor);
      const { name } = value.tensor;
      return name === "" ? { kind: "tensor", value: data } : { kind: "tensor", value: data, name };
    }
    case "graph":
      return { kind: "graph", value: context.graph(value.graph) };
    case "type_proto":
      return { kind: "type_proto", value: value.type };
  }
}

function buildList(
  items: readonly AttributeValueSyntax[],
  expected: AttributeKind | null,
  context: AttributeContext,
): Attribute {
  if (items.length === 0) return emptyList(expected, context);
  const forms = new Set(items.map((item) => item.form));
  // Integer literals among decimal ones are floats too, and all of them are where floats are expected.
  if (forms.has("int") && (forms.has("float") || expected === "floats")) {
    forms.delete("int");
    forms.add("float");
  }
  const [form, ...others] = forms;
  if (form === undefined || form === "list" || form === "ref" || others.length > 0) {
    throw context.fail("the values of a list must be of one kind");
  }
  switch (listOf[form]) {
    case "ints":
      return { kind: "ints", value: textsOf(items).map((text) => toInt(text, context)) };
    case "floats":
      return { kind: "floats", value: textsOf(items).map((text) => toFloat(text, context)) };
    case "strings":
      return { kind: "strings", value: textsOf(items).map(toStringValue) };
    case "tensors":
      return {
        kind: "tensors",
        value: items.flatMap((item) => (item.form === "tensor" ? [context.tensor(item.tensor)] : [])),
      };
    case "graphs":
      return {
        kind: "graphs",
        value: items.flatMap((item) => (item.form === "graph" ? [context.graph(item.graph)] : [])),
      };
    default:
      return {
        kind: "type_protos",
        value: items.flatMap((item) => (item.form === "type_proto" ? [item.type] : [])),
      };
  }
}

function emptyList(expected: AttributeKind | null, context: AttributeContext): Attribute {
  switch (expected) {
    case "ints":
    case "floats":
    case "strings":
    case "tensors":
    case "graphs":
    case "type_protos":
    case "sparse_tensors":
      return { kind: expected, value: [] };
    default:
      throw context.fail("an empty list needs a list type, as in `axes: ints = []`");
  }
}

function textsOf(items: readonly AttributeValueSyntax[]): readonly string[] {
  return items.flatMap((item) => ("text" in item ? [item.text] : []));
}

function toInt(text: string, context: AttributeContext): bigint {
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value)) throw context.fail(`${text} is out of the range of int64`);
  return value;
}

function toFloat(text: string, context: AttributeContext): number {
  const value = Math.fround(floatOf(text));
  if (!Number.isFinite(value) && /\d/.test(text)) throw context.fail(`${text} is out of the range of float32`);
  return value;
}

function toStringValue(text: string): StringValue {
  return hasEscapedBytes(text) ? literalBytes(text) : text;
}
