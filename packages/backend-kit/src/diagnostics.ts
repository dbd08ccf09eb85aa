import { CompileError } from "@lowbit/ir";

/** A backend was asked for that nobody provides. */
export function unknownBackend(name: string, known: readonly string[]): CompileError {
  return new CompileError({
    code: "backend/unknown",
    severity: "error",
    message: `there is no backend "${name}"; known are ${known.join(", ")}`,
    help: "give one of these, a path to a module (./my-backend.js), or the name of an npm package",
  });
}

/** A feature was asked for that the backend does not know. */
export function unknownFeature(backend: string, feature: string, known: readonly string[]): CompileError {
  const choices = known.length === 0 ? "it has no features" : `known are ${known.join(", ")}`;
  return new CompileError({
    code: "backend/unknown-feature",
    severity: "error",
    message: `backend ${backend} has no feature "${feature}"; ${choices}`,
  });
}

/** A feature is known, but this version cannot compile for it. */
export function featureNotImplemented(backend: string, feature: string, instead: string): CompileError {
  return new CompileError({
    code: "backend/feature-not-implemented",
    severity: "error",
    message: `backend ${backend} cannot compile for "${feature}" in this version`,
    help: instead,
  });
}

/** Two features exclude each other. */
export function conflictingFeatures(backend: string, first: string, second: string): CompileError {
  return new CompileError({
    code: "backend/conflicting-features",
    severity: "error",
    message: `backend ${backend}: the features "${first}" and "${second}" exclude each other`,
  });
}

/** A backend whose sums never saturate was asked to give weights fewer codes. */
export function noReduceRange(backend: string): CompileError {
  return new CompileError({
    code: "backend/no-reduce-range",
    severity: "error",
    message: `backend ${backend} has no choice of reduced ranges`,
    help: "leave --reduce-range out: it is about the sums of x86 CPUs without VNNI",
  });
}
