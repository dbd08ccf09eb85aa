/** Exit code after Ctrl-C: 128 plus the number of SIGINT, as shells have it. */
export const interruptedCode = 130;

/** What Ctrl-C does while a command runs: end the process, unless a part of the command can stop by itself. */
export class Interruptions {
  #stopping: AbortController | null = null;
  readonly #onSignal = (): void => {
    if (this.#stopping && !this.#stopping.signal.aborted) {
      this.#stopping.abort();
      return;
    }
    process.stderr.write("\ninterrupted\n");
    process.exit(interruptedCode);
  };

  /** Begins to listen. */
  listen(): void {
    process.on("SIGINT", this.#onSignal);
  }

  /** Stops listening. */
  close(): void {
    process.removeListener("SIGINT", this.#onSignal);
  }

  /** Runs what watches a signal; the first Ctrl-C aborts the signal, a second one ends the process. */
  async guard<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#stopping = new AbortController();
    try {
      return await run(this.#stopping.signal);
    } finally {
      this.#stopping = null;
    }
  }
}
