import { formatDiagnostic, type Diagnostic } from "@lowbit/ir";

/** What of a command's talk the user wants. */
export interface TerminalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Live lines are drawn no more often than this. */
const millisecondsPerFrame = 100;

/**
 * Where a command talks: results on standard output, as text or as JSON; everything else on standard error. Progress is
 * a line that is drawn over again when standard error is a terminal, and nothing otherwise.
 */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #live: boolean;
  #drawn = false;
  #nextFrame = 0;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#live = process.stderr.isTTY === true && !options.quiet;
  }

  /** The result of a command, once: the data on one line with `--json`, otherwise the text. */
  result(data: unknown, text: () => string): void {
    this.#clear();
    process.stdout.write(`${this.#options.json ? JSON.stringify(data) : text()}\n`);
  }

  /** A line that stays: an epoch, a phase, a file written. */
  note(line: string): void {
    if (this.#options.quiet) return;
    this.#clear();
    process.stderr.write(`${line}\n`);
  }

  /** A finding that does not stop the command. */
  report(diagnostic: Diagnostic): void {
    this.note(formatDiagnostic(diagnostic));
  }

  /** What is going on right now. */
  progress(line: string): void {
    if (!this.#live || performance.now() < this.#nextFrame) return;
    this.#nextFrame = performance.now() + millisecondsPerFrame;
    const room = (process.stderr.columns || 80) - 1;
    process.stderr.write(`\r\u001b[2K${line.slice(0, room)}`);
    this.#drawn = true;
  }

  /** Takes the live line away. */
  close(): void {
    this.#clear();
  }

  #clear(): void {
    if (this.#drawn) process.stderr.write("\r\u001b[2K");
    this.#drawn = false;
  }
}
