import { CompileError, type Diagnostic } from "../diagnostics.ts";

/** What can be wrong with ONNX text. */
export type TextCode = "text/syntax" | "text/undefined" | "text/duplicate" | "text/data";

/** Text and the name it goes by in messages. */
export interface Source {
  readonly text: string;
  readonly file?: string;
}

/** 1-based line and column of an offset into text. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < offset; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}

/** An error at an offset of the text: the message, then the source line with a caret under the place. */
export function textError(
  source: Source,
  offset: number,
  code: TextCode,
  message: string,
  help?: string,
): CompileError {
  const { line, column } = lineAndColumn(source.text, offset);
  const diagnostic: Diagnostic = {
    code,
    severity: "error",
    message: `${message}\n${excerpt(source.text, offset, line, column)}`,
    where: source.file === undefined ? { line, column } : { file: source.file, line, column },
    ...(help === undefined ? {} : { help }),
  };
  return new CompileError(diagnostic);
}

/** Widest piece of a source line that a message shows. */
const shownColumns = 100;

function excerpt(text: string, offset: number, line: number, column: number): string {
  const lineStart = offset - column + 1;
  const newline = text.indexOf("\n", offset);
  const lineEnd = newline === -1 ? text.length : newline;
  const from = Math.max(lineStart, Math.min(offset - shownColumns / 2, lineEnd - shownColumns));
  const shown = text.slice(from, Math.min(lineEnd, from + shownColumns)).replace(/\s/g, " ");
  const gutter = `${line} | `;
  return `${gutter}${shown}\n${" ".repeat(gutter.length - 2)}| ${" ".repeat(offset - from)}^`;
}
