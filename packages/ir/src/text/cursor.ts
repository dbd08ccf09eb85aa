import type { CompileError } from "../diagnostics.ts";
import { textError, type Source } from "./diagnostics.ts";
import { readToken, type Token } from "./lexer.ts";

/** A name in the text and where it stands. */
export interface Name {
  readonly text: string;
  readonly at: number;
}

/** Deepest nesting of graphs and types that the parser follows, so that no text can overflow the stack. */
const maxDepth = 200;

/** Reads tokens one after the other and words the errors. */
export class Cursor {
  readonly source: Source;
  #token: Token;
  #end = 0;
  #depth = 0;

  constructor(source: Source) {
    this.source = source;
    this.#token = readToken(source, 0);
  }

  /** The token that comes next, not consumed. */
  get token(): Token {
    return this.#token;
  }

  /** Offset where the token consumed last ended. */
  get end(): number {
    return this.#end;
  }

  /** Consumes and returns the next token. */
  take(): Token {
    const token = this.#token;
    this.#end = token.end;
    this.#token = readToken(this.source, token.end);
    return token;
  }

  /** Whether the next token is this punctuation. */
  at(mark: string): boolean {
    return this.#token.kind === "punctuation" && this.#token.text === mark;
  }

  /** Consumes the next token if it is this punctuation. */
  accept(mark: string): boolean {
    if (!this.at(mark)) return false;
    this.take();
    return true;
  }

  /** Consumes this punctuation; `context` ends the message, as in "after operand list". */
  expect(mark: string, context: string): void {
    if (!this.accept(mark)) throw this.unexpected(`'${mark}' ${context}`);
  }

  /** Whether the next token is an identifier or a quoted name. */
  get atName(): boolean {
    return this.#token.kind === "name" || this.#token.kind === "string";
  }

  /** Consumes an identifier or quoted name. */
  name(what: string): Name {
    if (!this.atName) throw this.unexpected(what);
    const token = this.take();
    return { text: token.text, at: token.start };
  }

  /** Consumes a string literal. */
  string(what: string): string {
    if (this.#token.kind !== "string") throw this.unexpected(what);
    return this.take().text;
  }

  /** Consumes an integer that JavaScript can hold exactly. */
  integer(what: string): number {
    const { kind, text, start } = this.#token;
    if (kind !== "int") throw this.unexpected(what);
    if (!Number.isSafeInteger(Number(text))) throw this.error(`${what} ${text} is too large`, start);
    this.take();
    return Number(text);
  }

  /** Items separated by commas up to the closing mark, which is consumed too; the opening one has been. */
  list<T>(close: string, context: string, item: () => T): T[] {
    const items: T[] = [];
    if (this.accept(close)) return items;
    do items.push(item());
    while (this.accept(","));
    this.expect(close, context);
    return items;
  }

  /** Runs a parser of something that may hold itself. */
  nested<T>(what: string, parse: () => T): T {
    if (++this.#depth > maxDepth) throw this.error(`${what} are nested more than ${maxDepth} deep`);
    const result = parse();
    this.#depth--;
    return result;
  }

  /** An error that says what was expected instead of the next token. */
  unexpected(expected: string): CompileError {
    const { kind, text } = this.#token;
    const got = kind === "end" ? "the end of the text" : kind === "string" ? `string "${text}"` : `'${text}'`;
    return this.error(`expected ${expected}, got ${got}`);
  }

  /** A syntax error, by default at the next token. */
  error(message: string, offset: number = this.#token.start): CompileError {
    return textError(this.source, offset, "text/syntax", message);
  }
}
