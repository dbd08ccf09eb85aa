import { dtypes, tensorType, type DType, type Dim, type Shape, type ValueType } from "../types.ts";
import type { Cursor } from "./cursor.ts";
import { typeWords } from "./identifier.ts";

const dtypeNames: ReadonlySet<string> = new Set(dtypes);
const otherTypes: ReadonlySet<string> = new Set(typeWords);

/** Whether the next token begins a type. */
export function atType(cursor: Cursor): boolean {
  const { kind, text } = cursor.token;
  return kind === "name" && (dtypeNames.has(text) || otherTypes.has(text));
}

/**
 * A type: `float` is a scalar, `float[]` a tensor of unknown rank, `float[N,3,?]` one of rank 3; then `seq(T)`,
 * `optional(T)`, `map(K, T)`, `sparse_tensor(T)`, `opaque(domain, name)`.
 */
export function parseType(cursor: Cursor): ValueType {
  return cursor.nested("types", () => {
    const { text } = cursor.token;
    if (!atType(cursor)) throw cursor.unexpected("a type");
    cursor.take();
    if (isDType(text)) return tensorType(text, parseShape(cursor));
    cursor.expect("(", `after ${text}`);
    const type = parseTypeContent(cursor, text);
    cursor.expect(")", `after the content of ${text}`);
    return type;
  });
}

function isDType(word: string): word is DType {
  return dtypeNames.has(word);
}

function parseTypeContent(cursor: Cursor, word: string): ValueType {
  switch (word) {
    case "seq":
      return { kind: "sequence", element: optionalType(cursor) };
    case "optional":
      return { kind: "optional", element: optionalType(cursor) };
    case "sparse_tensor":
      return { kind: "sparse_tensor", dtype: parseDType(cursor), shape: parseShape(cursor) };
    case "map": {
      const key = parseDType(cursor);
      cursor.expect(",", "after the key type of map");
      return { kind: "map", key, value: optionalType(cursor) };
    }
    default:
      return parseOpaque(cursor);
  }
}

/** The official printer leaves the place of a missing type empty. */
function optionalType(cursor: Cursor): ValueType | null {
  return cursor.at(")") ? null : parseType(cursor);
}

function parseDType(cursor: Cursor): DType {
  const { kind, text } = cursor.token;
  if (kind !== "name" || !isDType(text)) throw cursor.unexpected("an element type");
  cursor.take();
  return text;
}

function parseOpaque(cursor: Cursor): ValueType {
  if (cursor.at(")")) return { kind: "opaque", domain: "", name: "" };
  const first = qualifiedName(cursor, "the name of the opaque type").join(".");
  if (!cursor.accept(",")) return { kind: "opaque", domain: "", name: first };
  const name = cursor.at(")") ? "" : cursor.name("the name of the opaque type").text;
  return { kind: "opaque", domain: first, name };
}

/** Names joined by dots. */
export function qualifiedName(cursor: Cursor, what: string): string[] {
  const parts = [cursor.name(what).text];
  while (cursor.accept(".")) parts.push(cursor.name("a name after '.'").text);
  return parts;
}

function parseShape(cursor: Cursor): Shape | null {
  if (!cursor.accept("[")) return [];
  const dims = cursor.list("]", "after the dimensions", () => parseDim(cursor));
  return dims.length === 0 ? null : dims;
}

function parseDim(cursor: Cursor): Dim {
  if (cursor.accept("?")) return null;
  if (cursor.atName) return cursor.take().text;
  const { start } = cursor.token;
  const dim = cursor.integer("a dimension");
  if (dim < 0) throw cursor.error(`dimension ${dim} is negative`, start);
  return dim;
}
