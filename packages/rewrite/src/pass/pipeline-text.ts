import { CompileError, type Diagnostic } from "@lowbit/ir";
import { optionText, parseOption, type OptionValue } from "./options.ts";
import type { Pass } from "./pass.ts";

/** The passes a pipeline text can name, and names for whole pipelines. */
export interface PassRegistry {
  readonly passes: readonly Pass[];
  readonly pipelines?: Readonly<Record<string, readonly Pass[]>>;
}

/**
 * The passes of a text such as `canonicalize,fold-constants{max-bytes=1024},fuse-conv-bn`. A pipeline's name stands for all
 * its passes; a flag may stand without `=true`; values with spaces or any of `,{}="` go in double quotes.
 *
 * @throws CompileError `pipeline/syntax`, `pipeline/unknown-pass`, `pipeline/unknown-option`, `pipeline/bad-option`
 */
export function parsePipeline(text: string, registry: PassRegistry): readonly Pass[] {
  const reader = new Reader(text);
  const passes: Pass[] = [];
  if (reader.atEnd()) return passes;
  do passes.push(...item(reader, registry));
  while (reader.take(","));
  if (!reader.atEnd()) reader.fail("syntax", `expected "," or the end`);
  return passes;
}

/** The text that `parsePipeline` reads back as these passes; settings at their defaults are left out. */
export function pipelineText(passes: readonly Pass[]): string {
  return passes
    .map((pass) => {
      const changed = Object.entries(pass.settings).filter(([name, value]) => value !== pass.options[name]?.default);
      return changed.length === 0
        ? pass.name
        : `${pass.name}{${changed.map(([name, value]) => `${kebab(name)}=${quoted(String(value))}`).join(",")}}`;
    })
    .join(",");
}

function item(reader: Reader, registry: PassRegistry): readonly Pass[] {
  const start = reader.position;
  const name = reader.word("the name of a pass");
  const pipeline = registry.pipelines?.[name];
  const pass = registry.passes.find((each) => each.name === name);
  if (!pass && !pipeline) {
    const known = [...registry.passes.map((each) => each.name), ...Object.keys(registry.pipelines ?? {})];
    reader.failAt(start, "unknown-pass", `there is no pass "${name}"`, suggestion(name, known));
  }
  if (!reader.take("{")) return pass ? [pass] : (pipeline ?? []);
  if (!pass) reader.failAt(start, "unknown-option", `pipeline "${name}" takes no options`);
  const settings: Record<string, OptionValue> = {};
  if (reader.take("}")) return [pass];
  do {
    const [key, value] = setting(reader, pass);
    settings[key] = value;
  } while (reader.take(","));
  if (!reader.take("}")) reader.fail("syntax", `expected "," or "}"`);
  return [pass.with(settings as never)];
}

function setting(reader: Reader, pass: Pass): readonly [string, OptionValue] {
  const start = reader.position;
  const name = reader.word("the name of an option");
  const key = Object.keys(pass.options).find((each) => kebab(each) === name);
  const option = key === undefined ? undefined : pass.options[key];
  if (key === undefined || !option) {
    const known = Object.keys(pass.options).map(kebab);
    const help = known.length === 0 ? "It has no options." : suggestion(name, known);
    return reader.failAt(start, "unknown-option", `pass "${pass.name}" has no option "${name}"`, help);
  }
  const valueStart = reader.position;
  const text = reader.take("=") ? reader.word("a value") : null;
  const value = parseOption(option, text);
  if (value === null) {
    const got = text === null ? "has no value" : `is "${text}"`;
    return reader.failAt(valueStart, "bad-option", `option "${name}" ${got}; it must be ${optionText(option)}`);
  }
  return [key, value];
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipSpace();
  }

  get position(): number {
    return this.#at;
  }

  atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    this.#skipSpace();
    return true;
  }

  word(expected: string): string {
    const found = /^(?:"((?:[^"\\]|\\.)*)"|[^\s,{}="]+)/.exec(this.#text.slice(this.#at));
    if (!found) return this.fail("syntax", `expected ${expected}`);
    this.#at += found[0].length;
    this.#skipSpace();
    return found[1]?.replace(/\\(.)/g, "$1") ?? found[0];
  }

  fail(code: string, message: string): never {
    return this.failAt(this.#at, code, message);
  }

  failAt(position: number, code: string, message: string, help?: string): never {
    const picture = `${this.#text}\n${" ".repeat(position)}^`;
    const diagnostic: Diagnostic = {
      code: `pipeline/${code}`,
      severity: "error",
      message: `pipeline: ${message}\n${picture}`,
      where: { line: 1, column: position + 1 },
    };
    throw new CompileError(help === undefined ? diagnostic : { ...diagnostic, help });
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function quoted(value: string): string {
  return /^[^\s,{}="]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = known
    .map((each) => ({ each, distance: editDistance(name, each) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (nearest && nearest.distance <= 1 + name.length / 3) return `Did you mean "${nearest.each}"?`;
  return `Known: ${[...known].sort().join(", ")}.`;
}

/** Levenshtein distance of two short words. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
