import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { LowbitConfig } from "./config.ts";
import { badConfig } from "./diagnostics.ts";

/** A configuration and the file it is from; null for the empty one. */
export interface LoadedConfig {
  readonly config: LowbitConfig;
  readonly file: string | null;
}

const names = ["js", "mjs", "ts", "mts"].map((extension) => `lowbit.config.${extension}`);

/**
 * Loads the configuration file that the user names, or the one in the working folder, if there is one.
 *
 * @throws CompileError `config/bad-config`
 */
export async function loadConfig(named: string | undefined): Promise<LoadedConfig> {
  const file = named ?? names.find((name) => existsSync(name));
  if (file === undefined) return { config: {}, file: null };
  if (!existsSync(file)) throw badConfig(file, "there is no such file");
  const exported = await importConfig(file);
  const config: unknown = typeof exported === "function" ? await called(exported as () => unknown, file) : exported;
  if (typeof config !== "object" || config === null) {
    throw badConfig(file, "it exports no object as default", "write `export default { ... }`");
  }
  return { config: config as LowbitConfig, file };
}

async function importConfig(file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown };
    return module.default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_UNKNOWN_FILE_EXTENSION") {
      throw badConfig(file, `it cannot be loaded: ${messageOf(error)}`);
    }
    const help = file.endsWith("ts") ? "use Node 22.18 or newer for TypeScript, or write lowbit.config.js" : undefined;
    throw badConfig(file, `Node ${process.versions.node} cannot load such a file`, help);
  }
}

async function called(make: () => unknown, file: string): Promise<unknown> {
  try {
    return await make();
  } catch (error) {
    throw badConfig(file, `its function threw: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
