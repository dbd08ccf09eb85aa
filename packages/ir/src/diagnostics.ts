/** Where in the user's model or files a diagnostic points; every member is optional, names are the model's own. */
export interface Location {
  readonly node?: string;
  readonly value?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Where the node came from, when rewrites made it: model nodes and the rules that changed them. */
  readonly origin?: string;
}

/**
 * A finding about the user's model or data: what is wrong, where, and what to do.
 *
 * The `code` (`area/name`) is stable and is what callers and tests match on; the text is for people. Each package
 * makes its diagnostics in one file of its own, so that plug-ins can add codes without touching a central list.
 */
export interface Diagnostic {
  readonly code: `${string}/${string}`;
  readonly severity: "error" | "warning" | "note";
  /** One sentence: op or subject first, both values where two disagree. */
  readonly message: string;
  readonly where?: Location;
  /** What the user can do about it. */
  readonly help?: string;
}

/** The one error that carries diagnostics about the user's model or data out of a library call. */
export class CompileError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(...diagnostics: readonly [Diagnostic, ...Diagnostic[]]) {
    super(diagnostics.map(formatDiagnostic).join("\n"));
    this.name = "CompileError";
    this.diagnostics = diagnostics;
  }

  /** The first (usually only) diagnostic. */
  get diagnostic(): Diagnostic {
    return this.diagnostics[0]!;
  }
}

/** A diagnostic as the terminal shows it: `severity code: message`, then where and help, one line each. */
export function formatDiagnostic(d: Diagnostic): string {
  const lines = [`${d.severity} ${d.code}: ${d.message}`];
  const where = d.where && locationText(d.where);
  if (where) lines.push(`  --> ${where}`);
  if (d.help) lines.push(`  help: ${d.help}`);
  return lines.join("\n");
}

function locationText(where: Location): string {
  const position =
    where.line === undefined ? "" : `:${where.line}${where.column === undefined ? "" : `:${where.column}`}`;
  const parts = [
    where.file !== undefined ? where.file + position : position && `line ${position.slice(1)}`,
    where.node !== undefined && `node ${where.node}`,
    where.value !== undefined && `value ${where.value}`,
    where.origin !== undefined && `from ${where.origin}`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** Throws an `internal:` error when one of our own assumptions does not hold; never about the user's input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}
