import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Files of a command by what names them; data may be several, separated by commas. */
type NamedFiles = Readonly<Record<string, string | undefined>>;

/**
 * What is wrong with the files that a command writes: two are the same, or one is read, which writing would destroy; null
 * if nothing is.
 */
export function fileConflict(written: NamedFiles, read: NamedFiles): string | null {
  const taken = new Map<string, string>();
  for (const [name, text] of Object.entries(read)) {
    for (const path of text === undefined ? [] : [text, ...text.split(",")]) taken.set(locationOf(path), name);
  }
  for (const [name, path] of Object.entries(written)) {
    if (path === undefined) continue;
    const other = taken.get(locationOf(path));
    if (other !== undefined) return `${name} and ${other} name the same file`;
    taken.set(locationOf(path), name);
  }
  return null;
}

/** The same text for all ways to name a file. */
function locationOf(path: string): string {
  for (const [there, rest] of [
    [path, ""],
    [dirname(path), basename(path)],
  ] as const) {
    try {
      return join(realpathSync(there), rest);
    } catch {
      // What does not exist yet has no path of its own.
    }
  }
  return resolve(path);
}
