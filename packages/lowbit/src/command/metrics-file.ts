import { closeSync, openSync, writeSync } from "node:fs";
import type { FitEvent } from "@lowbit/train";
import { badOutput } from "../diagnostics.ts";

/** What happens in a training, as JSON lines in a file: an object per event, with the event's kind and its time. */
export class MetricsFile {
  readonly #path: string;
  readonly #handle: number;

  /**
   * @param append whether to go on in the file of a run that is resumed, instead of beginning it anew
   * @throws CompileError `file/write`
   */
  constructor(path: string, append: boolean) {
    this.#path = path;
    this.#handle = this.#attempt(() => openSync(path, append ? "a" : "w"));
  }

  /** @throws CompileError `file/write` */
  event(event: FitEvent): void {
    const { kind, ...rest } = event;
    const { graph: _, ...data } = rest as { readonly graph?: unknown };
    const line = JSON.stringify({ event: kind, ...counted(data), time: new Date().toISOString() });
    this.#attempt(() => writeSync(this.#handle, `${line}\n`));
  }

  close(): void {
    closeSync(this.#handle);
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw badOutput(this.#path, error instanceof Error ? error.message : String(error));
    }
  }
}

/** Epochs count from 1 for people, as in all other output. */
function counted(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) =>
      (name === "epoch" || name === "bestEpoch") && typeof value === "number" ? [name, value + 1] : [name, value],
    ),
  );
}
