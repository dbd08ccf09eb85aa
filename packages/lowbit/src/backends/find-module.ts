import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { badBackendModule } from "./diagnostics.ts";

/** Whether a text means a file rather than a package. */
export function isPath(text: string): boolean {
  return text.startsWith(".") || isAbsolute(text) || /\.[cm]?[jt]s(:|$)/.test(text);
}

/**
 * Where a module is that the user names: a file relative to the working folder, or a package installed there. Null when
 * there is no such package.
 *
 * @throws CompileError `backend/module` for a file that is not there
 */
export async function findModule(name: string): Promise<string | null> {
  if (isPath(name)) {
    const path = resolve(name);
    if (!existsSync(path)) throw badBackendModule(name, "there is no such file", "give the path of a JavaScript file");
    if (statSync(path).isDirectory())
      throw badBackendModule(name, "it is a folder", "give the path of a JavaScript file");
    return pathToFileURL(path).href;
  }
  if (!/^(@[\w.~-]+\/)?[\w~-][\w.~-]*(\/[\w./~-]+)?$/.test(name)) return null;
  return installedFrom(process.cwd(), name) ?? installedBeside(name);
}

function installedFrom(folder: string, name: string): string | null {
  try {
    return pathToFileURL(createRequire(join(folder, "package.json")).resolve(name)).href;
  } catch (error) {
    // A package for `import` only: its entry is in its own package.json.
    if ((error as NodeJS.ErrnoException).code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return importEntry(folder, name);
    return null;
  }
}

/** Beside lowbit itself, for a command that is installed globally together with its backends. */
function installedBeside(name: string): string | null {
  try {
    return import.meta.resolve(name);
  } catch {
    return null;
  }
}

function importEntry(folder: string, name: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const home = join(at, "node_modules", name);
    if (existsSync(join(home, "package.json"))) {
      const { exports } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
        readonly exports?: unknown;
      };
      const entry = entryOf(isRecord(exports) && "." in exports ? exports["."] : exports);
      return entry === null ? null : pathToFileURL(join(home, entry)).href;
    }
    if (at === dirname(at)) return null;
  }
}

function entryOf(exports: unknown): string | null {
  if (typeof exports === "string") return exports;
  if (!isRecord(exports)) return null;
  for (const condition of ["node", "import", "default"]) {
    const entry = entryOf(exports[condition]);
    if (entry !== null) return entry;
  }
  return null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
