import { CompileError } from "@lowbit/ir";

/** A backend module that is not there, throws, or lacks what a backend needs. */
export function badBackendModule(source: string, message: string, help?: string): CompileError {
  return new CompileError({
    code: "backend/module",
    severity: "error",
    message: `backend module "${source}": ${message}`,
    help: help ?? "a backend module exports, as default or as `backend`, a Backend or a function that makes one",
  });
}
