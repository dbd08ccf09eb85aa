import type { Backend, BackendModule } from "@lowbit/backend-kit";
import type { Pass } from "@lowbit/rewrite";

/** The value of an option in a configuration file; lists are for options that take several values. */
export type ConfigValue = string | number | boolean | readonly (string | number)[];

/** Options of one command, by their long names in camel case: `keepFloat` for `--keep-float`. */
export type CommandConfig = Readonly<Record<string, ConfigValue>>;

/**
 * What `lowbit.config.js` exports as default: options for the commands, backends and passes. An option at the top level
 * holds for every command that has it; what stands in the section of a command wins, and flags win over both.
 */
export interface LowbitConfig {
  /** Backends that `--backend` finds by name. */
  readonly backends?: readonly (Backend | BackendModule)[];
  /** Passes that `lowbit opt --passes` finds by name. */
  readonly passes?: readonly Pass[];
  readonly inspect?: CommandConfig;
  readonly opt?: CommandConfig;
  readonly quantize?: CommandConfig;
  readonly train?: CommandConfig;
  readonly eval?: CommandConfig;
  readonly bench?: CommandConfig;
  /** Options for every command that has them. */
  readonly [option: string]:
    | ConfigValue
    | CommandConfig
    | readonly (Backend | BackendModule)[]
    | readonly Pass[]
    | undefined;
}

/** The configuration it is given, typed: for `export default defineConfig({ ... })` in `lowbit.config.js`. */
export function defineConfig(config: LowbitConfig): LowbitConfig {
  return config;
}
