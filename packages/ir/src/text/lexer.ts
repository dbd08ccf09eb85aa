import { textError, type Source } from "./diagnostics.ts";

/** One token; `text` is the unescaped content of a string, otherwise the characters themselves. */
export interface Token {
  readonly kind: "name" | "string" | "int" | "float" | "punctuation" | "end";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const space = /(?:[ \t\n\v\f\r]+|#[^\n]*)*/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /-?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|(?:inf|infinity|nan)(?![A-Za-z0-9_]))/iy;
const punctuation = /=>|[<>()[\]{},:=.@?]/y;

/** The token at or after an offset; whitespace and `#` comments are skipped. @throws CompileError `text/syntax` */
export function readToken(source: Source, offset: number): Token {
  const { text } = source;
  const start = offset + matchAt(space, text, offset).length;
  if (start >= text.length) return { kind: "end", text: "", start: text.length, end: text.length };
  if (text[start] === '"') return readString(source, start);
  const name = matchAt(word, text, start);
  if (name !== "") return { kind: "name", text: name, start, end: start + name.length };
  const digits = matchAt(number, text, start);
  if (digits !== "") {
    const kind = /^-?\d+$/.test(digits) ? "int" : "float";
    return { kind, text: digits, start, end: start + digits.length };
  }
  const mark = matchAt(punctuation, text, start);
  if (mark !== "") return { kind: "punctuation", text: mark, start, end: start + mark.length };
  const character = String.fromCodePoint(text.codePointAt(start)!);
  throw textError(
    source,
    start,
    "text/syntax",
    `unexpected character '${character}'`,
    "names that are not identifiers are written in double quotes",
  );
}

/** The `#` comment on the line of an offset, past one comma at most; null when something else follows. */
export function commentAfter(text: string, offset: number): string | null {
  const comment = /[ \t]*,?[ \t]*#([^\n]*)/y;
  comment.lastIndex = offset;
  return comment.exec(text)?.[1]?.trim() ?? null;
}

function matchAt(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? "";
}

/** A backslash makes the character after it stand for itself; there are no other escapes. */
function readString(source: Source, start: number): Token {
  const { text } = source;
  let content = "";
  let from = start + 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') {
      return { kind: "string", text: content + text.slice(from, at), start, end: at + 1 };
    }
    if (text[at] === "\\") {
      content += text.slice(from, at);
      from = ++at;
    }
  }
  throw textError(source, start, "text/syntax", "the string that starts here has no closing quote");
}
