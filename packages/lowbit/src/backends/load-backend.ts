import { armModule } from "@lowbit/backend-arm";
import {
  createBackend,
  parseBackendText,
  requestFor,
  type Backend,
  type BackendModule,
  type BackendRequest,
  type Wishes,
} from "@lowbit/backend-kit";
import { x86Module } from "@lowbit/backend-x86";
import { checkBackend, isBackendModule } from "./check-backend.ts";
import { badBackendModule } from "./diagnostics.ts";
import { findModule, isPath } from "./find-module.ts";

/** The backends that come with lowbit. */
export const ownBackends: readonly BackendModule[] = [x86Module, armModule];

/** How a backend is loaded. */
export interface LoadBackendOptions extends Wishes {
  /** Backends known beforehand, beside those of lowbit; found by their name. */
  readonly known?: readonly (Backend | BackendModule)[];
}

/**
 * The backend of a text: `x86`, `arm`, one that is known, a path to a module, or the name of an npm package, each with
 * features after a colon, as in `x86:avx2`.
 *
 * A module exports, as default or as `backend`, a Backend, a BackendModule, or a function that gets
 * a `BackendRequest` and returns a Backend.
 *
 * @throws CompileError `backend/unknown`, `backend/unknown-feature`, `backend/conflicting-features`,
 *   `backend/feature-not-implemented`, `backend/module`
 */
export async function loadBackend(text: string, options: LoadBackendOptions = {}): Promise<Backend> {
  const { known = [], ...wishes } = options;
  const { name, features } = isPath(text) ? pathAndFeatures(text) : parseBackendText(text);
  const modules = [...known.map(asModule), ...ownBackends];
  const url = modules.some((each) => each.name === name) ? null : await findModule(name);
  if (url === null) return createBackend(text, modules, wishes);
  return fromExport(await importBackend(url, name), name, features, wishes);
}

/** Features after the last colon that stands behind the file's name. */
function pathAndFeatures(text: string): { readonly name: string; readonly features: readonly string[] } {
  const found = /^(.*\.[cm]?[jt]s):(.+)$/s.exec(text);
  return found ? { name: found[1]!, features: found[2]!.split(/[:,]/) } : { name: text, features: [] };
}

/** A backend that is a value as a module that can make nothing else. */
function asModule(backend: Backend | BackendModule): BackendModule {
  if (isBackendModule(backend)) return backend;
  return { name: backend.name, features: [], create: () => checkBackend(backend, backend.name) };
}

async function importBackend(url: string, source: string): Promise<unknown> {
  try {
    const exported = (await import(url)) as Readonly<Record<string, unknown>>;
    return exported["backend"] ?? exported["default"];
  } catch (error) {
    const typeScript = (error as NodeJS.ErrnoException).code === "ERR_UNKNOWN_FILE_EXTENSION";
    if (!typeScript)
      throw badBackendModule(source, `it cannot be loaded: ${messageOf(error)}`, "look at the module's own error");
    throw badBackendModule(
      source,
      `Node ${process.versions.node} cannot load TypeScript`,
      "use Node 22.18 or newer, or give the module as JavaScript",
    );
  }
}

async function fromExport(
  exported: unknown,
  source: string,
  features: readonly string[],
  wishes: Wishes,
): Promise<Backend> {
  if (isBackendModule(exported)) {
    const request = requestFor(exported, features, wishes);
    return checkBackend(await called(() => exported.create(request), source), source);
  }
  if (typeof exported === "function") {
    const request: BackendRequest = { prefer: "speed", ...wishes, features };
    return checkBackend(await called(() => exported(request) as unknown, source), source);
  }
  const backend = checkBackend(exported, source);
  return createBackend([backend.name, ...features].join(":"), [asModule(backend)], wishes);
}

async function called(make: () => unknown, source: string): Promise<unknown> {
  try {
    return await make();
  } catch (error) {
    throw badBackendModule(source, `its function threw: ${messageOf(error)}`, "look at the module's own error");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
