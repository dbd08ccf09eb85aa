import type { Command } from "commander";
import type { LowbitConfig } from "./config/config.ts";
import { applyConfig } from "./config/apply-config.ts";
import { loadConfig } from "./config/load-config.ts";
import type { Interruptions } from "./interruption.ts";
import { positiveInteger } from "./parse-values.ts";
import { Terminal } from "./terminal.ts";

/** Options that every command has. */
interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly threads?: number;
  readonly config?: string;
}

/** What one run of a command works with. */
export interface Job<O> {
  readonly terminal: Terminal;
  readonly interruptions: Interruptions;
  readonly config: LowbitConfig;
  /** Flags, with the configuration file's options where there was no flag. */
  readonly options: O & CommonOptions;
  readonly args: readonly string[];
  /** Ends the command as wrongly used. */
  readonly misuse: (message: string) => never;
}

/** Options and what a command does, completed with what all commands have in common. */
export function finish<O>(
  command: Command,
  interruptions: Interruptions,
  required: readonly string[],
  run: (job: Job<O>) => Promise<void>,
): void {
  command
    .option("--json", "print the result as JSON on standard output")
    .option("--quiet", "no progress, notes or warnings")
    .option("--threads <N>", "threads of ONNX Runtime (default: one per core)", positiveInteger)
    .option("--config <file>", "configuration file (default: lowbit.config.js, .mjs, .ts or .mts in this folder)")
    .action(async () => {
      const loaded = await loadConfig(command.opts<CommonOptions>().config);
      applyConfig(command, loaded);
      const options = command.opts<O & CommonOptions>();
      const misuse = (message: string): never => command.error(`error: ${message}`);
      for (const option of command.options) {
        const isMissing = command.getOptionValue(option.attributeName()) === undefined;
        if (isMissing && required.includes(option.attributeName())) {
          misuse(`required option '${option.flags}' not specified`);
        }
      }
      const terminal = new Terminal(options);
      try {
        await run({ terminal, interruptions, config: loaded.config, options, args: command.args, misuse });
      } finally {
        terminal.close();
      }
    });
}
