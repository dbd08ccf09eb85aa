import { CompileError, type Diagnostic } from "@lowbit/ir";

/** ONNX Runtime would not load a model. */
export function cannotLoad(what: string, reason: string): CompileError {
  const diagnostic: Diagnostic = {
    code: "runtime/load",
    severity: "error",
    message: `ONNX Runtime cannot load ${what}: ${firstLine(reason)}`,
    help: "run `lowbit inspect` on the model to see its ops and opset; ops of domain `lowbit` must be converted first",
  };
  return new CompileError(diagnostic);
}

/** ONNX Runtime failed while running a model. */
export function cannotRun(reason: string): CompileError {
  return new CompileError({
    code: "runtime/run",
    severity: "error",
    message: `ONNX Runtime failed: ${firstLine(reason)}`,
  });
}

/** The profile that tells which kernels ran cannot be written or read. */
export function noProfile(folder: string, reason: string): CompileError {
  return new CompileError({
    code: "runtime/profile",
    severity: "error",
    message: `what ONNX Runtime ran is not known, since its profile cannot be written: ${firstLine(reason)}`,
    where: { file: folder },
    help: "see that there is room for temporary files, or set TMPDIR to a folder where there is",
  });
}

/** A fed tensor does not fit the model's input, or an input is missing or unknown. */
export function badFeed(message: string, input: string): CompileError {
  return new CompileError({ code: "runtime/feed", severity: "error", message, where: { value: input } });
}

function firstLine(reason: string): string {
  return reason.split("\n")[0]!.trim();
}
