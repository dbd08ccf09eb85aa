import type { AttributeKind } from "../graph/attribute.ts";
import type { Role } from "../graph/value.ts";
import type { Cursor, Name } from "./cursor.ts";
import { isFloatWord } from "./identifier.ts";
import { commentAfter } from "./lexer.ts";
import { parseTensor } from "./parse-data.ts";
import { atType, parseType, qualifiedName } from "./parse-type.ts";
import type { AttributeSyntax, AttributeValueSyntax, DeclarationSyntax, GraphSyntax, NodeSyntax } from "./syntax.ts";

const attributeKinds: Readonly<Record<AttributeKind, true>> = {
  float: true,
  int: true,
  string: true,
  tensor: true,
  graph: true,
  type_proto: true,
  sparse_tensor: true,
  floats: true,
  ints: true,
  strings: true,
  tensors: true,
  graphs: true,
  type_protos: true,
  sparse_tensors: true,
};

/** A graph from its name to its closing brace: `g (float[N] x) => (float[N] y) <float[2] w = {1, 2}> { … }`. */
export function parseGraphSyntax(cursor: Cursor): GraphSyntax {
  return parseSignature(cursor, cursor.name("the name of a graph").text);
}

/** What follows the name of a graph or the attribute list of a function. */
export function parseSignature(cursor: Cursor, name: string): GraphSyntax {
  return cursor.nested("graphs", () => {
    cursor.expect("(", "before the graph inputs");
    const inputs = cursor.list(")", "after the graph inputs", () => parseDeclaration(cursor));
    cursor.expect("=>", "between the graph inputs and outputs");
    cursor.expect("(", "before the graph outputs");
    const outputs = cursor.list(")", "after the graph outputs", () => parseDeclaration(cursor));
    const declarations = cursor.accept("<")
      ? cursor.list(">", "after the list of values", () => parseDeclaration(cursor))
      : [];
    cursor.expect("{", "before the nodes of the graph");
    const nodes: NodeSyntax[] = [];
    while (!cursor.accept("}")) nodes.push(parseNode(cursor));
    return { name, inputs, outputs, declarations, nodes };
  });
}

function parseDeclaration(cursor: Cursor): DeclarationSyntax {
  const type = atType(cursor) ? parseType(cursor) : null;
  const name = cursor.name(type === null ? "a type or a value name" : "a value name after the type");
  const tensor = cursor.accept("=") ? parseTensor(cursor, type, name.text) : null;
  return { name, type, tensor, role: roleIn(commentAfter(cursor.source.text, cursor.end)) };
}

function roleIn(comment: string | null): Role | null {
  return comment === "parameter" || comment === "buffer" ? comment : null;
}

function parseNode(cursor: Cursor): NodeSyntax {
  const at = cursor.token.start;
  let label = "";
  if (cursor.accept("[")) {
    if (cursor.atName) label = cursor.take().text;
    cursor.expect("]", "after the node label");
  }
  const outputs = parseOperands(cursor);
  cursor.expect("=", outputs.length > 0 ? "after the outputs of a node" : "or the outputs of a node, or '}'");
  const path = qualifiedName(cursor, "the op of a node");
  const op = path.pop()!;
  const overload = cursor.accept(":") ? cursor.name("the overload after ':'").text : "";
  let attributes = parseAttributes(cursor);
  cursor.expect("(", `before the operands of ${op}`);
  const inputs = parseOperands(cursor);
  cursor.expect(")", "after operand list");
  if (attributes.length === 0) attributes = parseAttributes(cursor);
  return { at, label, domain: path.join("."), op, overload, inputs, outputs, attributes };
}

/**
 * Names separated by commas. An absent operand is `""` or nothing before a comma, so a comma at the end adds none:
 * `Op(x,)` has one operand and `Op(,)` has one that is absent, as in the official parser.
 */
function parseOperands(cursor: Cursor): Name[] {
  const names: Name[] = [];
  for (;;) {
    if (cursor.atName) names.push(cursor.name("a name"));
    else if (cursor.at(",")) names.push({ text: "", at: cursor.token.start });
    else return names;
    if (!cursor.accept(",")) return names;
  }
}

function parseAttributes(cursor: Cursor): AttributeSyntax[] {
  if (!cursor.accept("<")) return [];
  return cursor.list(">", "after the attributes", () => parseAttribute(cursor, cursor.name("an attribute name")));
}

/** An attribute after its name: `: kind` at will, then `= value`. */
export function parseAttribute(cursor: Cursor, name: Name): AttributeSyntax {
  let kind: AttributeKind | null = null;
  if (cursor.accept(":")) {
    const { text } = cursor.token;
    if (!isAttributeKind(text)) throw cursor.unexpected("an attribute type such as float, ints or graph");
    kind = text;
    cursor.take();
  }
  cursor.expect("=", `after attribute ${name.text}`);
  if (!cursor.accept("[")) return { name, kind, value: parseValue(cursor) };
  const items = cursor.list("]", "after the values of a list", () => parseValue(cursor));
  return { name, kind, value: { form: "list", items } };
}

function isAttributeKind(word: string): word is AttributeKind {
  return Object.hasOwn(attributeKinds, word);
}

function parseValue(cursor: Cursor): AttributeValueSyntax {
  const { kind, text } = cursor.token;
  if (cursor.accept("@")) return { form: "ref", name: cursor.name("an attribute name after '@'").text };
  if (kind === "int" || kind === "float") return { form: kind, text: cursor.take().text };
  if (kind === "string") {
    const name = cursor.take();
    if (cursor.at("(")) return { form: "graph", graph: parseSignature(cursor, name.text) };
    return { form: "string", text: name.text };
  }
  if (atType(cursor)) return parseTypeOrTensor(cursor);
  if (kind !== "name") throw cursor.unexpected("an attribute value");
  const name = cursor.take();
  if (isFloatWord(text) && !cursor.at("(")) return { form: "float", text: name.text };
  return { form: "graph", graph: parseSignature(cursor, name.text) };
}

/** A type followed by a name, `=` or braces is the type of a tensor. */
function parseTypeOrTensor(cursor: Cursor): AttributeValueSyntax {
  const type = parseType(cursor);
  if (!cursor.atName && !cursor.at("=") && !cursor.at("{")) return { form: "type_proto", type };
  const name = cursor.atName ? cursor.take().text : "";
  cursor.accept("=");
  return { form: "tensor", tensor: parseTensor(cursor, type, name) };
}
