import { dtypes } from "../types.ts";
import { isFloatWord, quotable, quoted, typeWords } from "./identifier.ts";

const firstWords: ReadonlySet<string> = new Set<string>([...dtypes, ...typeWords]);

/** The name of a value or graph where a type may stand too: quoted when it could be taken for one. */
export function declaredName(name: string): string {
  return firstWords.has(name) ? quoted(name) : quotable(name);
}

/** The name of a graph where an attribute value is expected: quoted when it could be taken for a type or a float. */
export function bodyName(name: string): string {
  return isFloatWord(name) ? quoted(name) : declaredName(name);
}
