import type { Cursor, Name } from "./cursor.ts";
import { parseAttribute, parseGraphSyntax, parseSignature } from "./parse-graph.ts";
import type { AttributeSyntax, FunctionSyntax, HeaderSyntax, ModelSyntax } from "./syntax.ts";

type KeyKind = "integer" | "string" | "opsets" | "metadata";

const modelKeys: Readonly<Record<string, KeyKind>> = {
  ir_version: "integer",
  opset_import: "opsets",
  producer_name: "string",
  producer_version: "string",
  domain: "string",
  model_version: "integer",
  doc_string: "string",
  metadata_props: "metadata",
};

const functionKeys: Readonly<Record<string, KeyKind>> = {
  opset_import: "opsets",
  domain: "string",
  overload: "string",
  doc_string: "string",
};

/** A whole text: header, graph, then local functions up to the end. */
export function parseModelSyntax(cursor: Cursor): ModelSyntax {
  const header = parseHeader(cursor, modelKeys);
  const graph = parseGraphSyntax(cursor);
  const functions: FunctionSyntax[] = [];
  while (cursor.token.kind !== "end") {
    if (!cursor.at("<") && !cursor.atName) throw cursor.unexpected("a local function or the end of the text");
    functions.push(parseFunction(cursor));
  }
  return { header, graph, functions };
}

function parseFunction(cursor: Cursor): FunctionSyntax {
  const header = parseHeader(cursor, functionKeys);
  const name = cursor.name("the name of a local function").text;
  const attributes = cursor.accept("<")
    ? cursor.list(">", "after the attributes of the function", () => parseFormalAttribute(cursor))
    : [];
  return { header, attributes, body: parseSignature(cursor, name) };
}

function parseFormalAttribute(cursor: Cursor): AttributeSyntax | Name {
  const name = cursor.name("an attribute name");
  return cursor.at(":") || cursor.at("=") ? parseAttribute(cursor, name) : name;
}

function parseHeader(cursor: Cursor, keys: Readonly<Record<string, KeyKind>>): HeaderSyntax | null {
  if (!cursor.accept("<")) return null;
  const integers = new Map<string, number>();
  const strings = new Map<string, string>();
  let opsets: Map<string, number> | null = null;
  let metadata: Map<string, string> | null = null;
  cursor.list(">", "after the header", () => {
    const { text, kind: tokenKind } = cursor.token;
    const kind = tokenKind === "name" && Object.hasOwn(keys, text) ? keys[text] : undefined;
    if (kind === undefined) throw cursor.unexpected(`one of ${Object.keys(keys).join(", ")}`);
    cursor.take();
    cursor.expect(":", `after ${text}`);
    if (kind === "integer") integers.set(text, cursor.integer(text));
    else if (kind === "string") strings.set(text, cursor.string(`a string for ${text}`));
    else if (kind === "opsets") opsets = parseMap(cursor, text, () => cursor.integer("an opset version"));
    else metadata = parseMap(cursor, text, () => cursor.string("a metadata value"));
  });
  return { integers, strings, opsets, metadata };
}

function parseMap<T>(cursor: Cursor, key: string, value: () => T): Map<string, T> {
  const map = new Map<string, T>();
  cursor.expect("[", `after ${key}:`);
  cursor.list("]", `after the entries of ${key}`, () => {
    const name = cursor.string(`a string in ${key}`);
    cursor.expect(":", `after "${name}"`);
    map.set(name, value());
  });
  return map;
}
