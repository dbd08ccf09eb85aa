import { CommanderError } from "commander";
import { CompileError, formatDiagnostic } from "@lowbit/ir";
import { interruptedCode } from "./interruption.ts";

/** Exit codes of the command. */
const exitCodes = { done: 0, cannot: 1, usage: 2, interrupted: interruptedCode } as const;

/** How a command that threw ends: what standard error gets and the exit code. */
export interface Failure {
  readonly text: string;
  readonly code: number;
}

/** What to say about an error. Diagnostics speak for themselves; anything else is a bug of ours or of a plug-in. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    // Commander has printed its message, or the help that was asked for.
    return { text: "", code: error.exitCode === 0 ? exitCodes.done : exitCodes.usage };
  }
  if (error instanceof CompileError) {
    const isInterrupted = error.diagnostic.code.endsWith("/stopped");
    const text = error.diagnostics.map(formatDiagnostic).join("\n");
    return { text, code: isInterrupted ? exitCodes.interrupted : exitCodes.cannot };
  }
  return { text: bugText(error), code: exitCodes.cannot };
}

function bugText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = [
    message.startsWith("internal:") ? `error ${message}` : `error internal: ${message}`,
    "  help: this is a bug in lowbit or in a plug-in; please report it with the command you ran",
  ];
  if (process.env["LOWBIT_DEBUG"] !== "1") return [...lines, "  LOWBIT_DEBUG=1 shows where it happened"].join("\n");
  return [...lines, error instanceof Error ? (error.stack ?? "") : ""].join("\n");
}
