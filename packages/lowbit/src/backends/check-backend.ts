import type { Backend, BackendModule } from "@lowbit/backend-kit";
import { badBackendModule } from "./diagnostics.ts";

/** A value from a stranger's module as a backend. @throws CompileError `backend/module` naming what it lacks */
export function checkBackend(value: unknown, source: string): Backend {
  if (!isRecord(value)) throw badBackendModule(source, "it exports no backend");
  const lacking = [
    typeof value["name"] === "string" ? null : "name (text)",
    isRecord(value["quantizer"]) && typeof value["quantizer"]["annotate"] === "function"
      ? null
      : "quantizer (with annotate)",
    isRecord(value["capabilities"]) && Array.isArray(value["capabilities"]["ops"])
      ? null
      : "capabilities (with a list of ops)",
    Array.isArray(value["lower"]) && value["lower"].every(isPass) ? null : "lower (a list of passes)",
    isRecord(value["arithmetic"]) ? null : "arithmetic",
  ].filter((member) => member !== null);
  if (lacking.length > 0) throw badBackendModule(source, `its backend lacks ${lacking.join(", ")}`);
  return value as unknown as Backend;
}

/** Whether a value is a backend module, which makes backends on request. */
export function isBackendModule(value: unknown): value is BackendModule {
  return isRecord(value) && typeof value["create"] === "function" && Array.isArray(value["features"]);
}

function isPass(value: unknown): boolean {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["run"] === "function";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
