import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { systemReason, type Diagnostic } from "@lowbit/ir";
import type { FitEvent } from "@lowbit/train";
import { badOutput, metricsEnd } from "../diagnostics.ts";

/** Files that a process has open already, by the names that the system gives them. */
const descriptors: Readonly<Record<string, number>> = { "/dev/stdout": 1, "/dev/stderr": 2 };

/**
 * What happens in a training, as JSON lines in a file, a pipe or a device: an object per event, with the event's kind and
 * its time. A training is worth more than its metrics: where these cannot be written any more, it goes on without.
 */
export class MetricsFile {
  readonly #path: string;
  readonly #handle: number;
  readonly #report: (finding: Diagnostic) => void;
  #isOpen = true;

  /**
   * @param append whether to go on in the file of a run that is resumed, instead of beginning it anew
   * @param report gets a warning if the metrics end before the training does
   * @throws CompileError `file/write`
   */
  constructor(path: string, append: boolean, report: (finding: Diagnostic) => void) {
    this.#path = path;
    this.#report = report;
    try {
      this.#handle = openDescriptor(path) ?? openSync(path, append ? "a" : "w");
    } catch (error) {
      throw badOutput(path, systemReason(error));
    }
  }

  event(event: FitEvent): void {
    if (!this.#isOpen) return;
    const { kind, ...rest } = event;
    const { graph: _, ...data } = rest as { readonly graph?: unknown };
    const line = Buffer.from(`${JSON.stringify({ event: kind, ...counted(data), time: new Date().toISOString() })}\n`);
    try {
      for (let at = 0; at < line.length;) at += writeSync(this.#handle, line, at);
    } catch (error) {
      this.#report(metricsEnd(this.#path, systemReason(error)));
      this.close();
    }
  }

  close(): void {
    if (this.#isOpen && this.#handle !== openDescriptor(this.#path)) closeSync(this.#handle);
    this.#isOpen = false;
  }
}

/**
 * The descriptor behind a name like /dev/stdout where that leads to a file: opened a second time, the file would be written
 * from its start, over what else comes out. Null for any other path.
 */
function openDescriptor(path: string): number | null {
  const descriptor = descriptors[path] ?? /^\/dev\/fd\/(\d+)$/.exec(path)?.[1];
  if (descriptor === undefined || !isFile(path)) return null;
  return Number(descriptor);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether metrics can be written to something that the process has open. */
export function isOpenFile(path: string): boolean {
  return openDescriptor(path) !== null;
}

/** Epochs count from 1 for people, as in all other output. */
function counted(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) =>
      (name === "epoch" || name === "bestEpoch") && typeof value === "number" ? [name, value + 1] : [name, value],
    ),
  );
}
