import { spawn, type ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

/** What a side says of some steps. */
export interface StepsRun {
  readonly seconds: number;
  readonly losses: readonly number[];
}

/** A process that trains one model in one mode, and does so only when told to. */
export class Side {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#reader = createInterface({ input: process.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * Starts a side and waits until its model is loaded.
   *
   * @param environment variables beside those of this process
   * @throws when the process ends before that
   */
  static async start(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Side> {
    const env = { ...process.env, ...environment };
    const side = new Side(spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env }));
    await side.#answer();
    return side;
  }

  async #answer(): Promise<Record<string, unknown>> {
    const next = await this.#lines.next();
    if (next.done) throw new Error("a side ended before it answered");
    return JSON.parse(next.value) as Record<string, unknown>;
  }

  async run(steps: number): Promise<StepsRun> {
    this.#process.stdin!.write(`${steps}\n`);
    return (await this.#answer()) as unknown as StepsRun;
  }

  /** Ends the process. @returns its peak resident memory in bytes */
  async end(): Promise<number> {
    this.#process.stdin!.end();
    return (await this.#answer()).peakBytes as number;
  }
}
