import { CompileError, type Diagnostic } from "@lowbit/ir";

/** A plug-in's plan says what its own capability table does not allow. */
export function illegalPlan(source: string, problems: readonly string[]): CompileError {
  const [first, ...others] = problems;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return new CompileError({
    code: "backend/illegal-plan",
    severity: "error",
    message: `backend module "${source}": ${first}${more}`,
    help: "the plug-in is wrong, not the model; its author finds the reason with the conformance suite of @lowbit/backend-kit",
  });
}

/** A backend module that is not there, throws, or lacks what a backend needs. */
export function badBackendModule(source: string, message: string, help?: string): CompileError {
  return new CompileError({
    code: "backend/module",
    severity: "error",
    message: `backend module "${source}": ${message}`,
    help: help ?? "a backend module exports, as default or as `backend`, a Backend or a function that makes one",
  });
}

/** A file that says it was lowered for one backend is looked at with another's kernels. */
export function loweredForAnother(file: string, asked: string): Diagnostic {
  return {
    code: "verify/other-backend",
    severity: "warning",
    message: `the file says it was lowered for ${file}, and is explained by the kernels of ${asked}`,
    help: "leave --backend out to use what the file says",
  };
}
