import { InvalidArgumentError, type Command, type Option } from "commander";
import type { ConfigValue } from "./config.ts";
import { badConfig } from "./diagnostics.ts";
import type { LoadedConfig } from "./load-config.ts";

const notOptions = new Set(["backends", "passes"]);

/**
 * Gives a command the options of a configuration that were not given as flags.
 *
 * @throws CompileError `config/bad-config` for an option nobody knows, or a value it cannot have
 */
export function applyConfig(command: Command, { config, file }: LoadedConfig): void {
  if (file === null) return;
  const commands = command.parent?.commands ?? [command];
  const section: unknown = notOptions.has(command.name()) ? {} : (config[command.name()] ?? {});
  if (typeof section !== "object" || section === null || Array.isArray(section)) {
    throw badConfig(file, `\`${command.name()}\` must be an object of options`);
  }
  for (const [key, value] of Object.entries(config)) {
    if (notOptions.has(key) || commands.some((each) => each.name() === key)) continue;
    if (!commands.some((each) => optionOf(each, key))) throw badConfig(file, `there is no option \`${key}\``);
    const option = optionOf(command, key);
    if (option && !(key in section)) apply(command, option, value as ConfigValue, file);
  }
  for (const [key, value] of Object.entries(section as Readonly<Record<string, ConfigValue>>)) {
    const option = optionOf(command, key);
    if (!option) throw badConfig(file, `\`${command.name()}\` has no option \`${key}\``);
    apply(command, option, value, file);
  }
}

function optionOf(command: Command, key: string): Option | undefined {
  return command.options.find((option) => option.attributeName() === key);
}

function apply(command: Command, option: Option, value: ConfigValue, file: string): void {
  const key = option.attributeName();
  if (command.getOptionValueSource(key) === "cli") return;
  command.setOptionValueWithSource(key, parsed(option, value, file), "config");
}

function parsed(option: Option, value: ConfigValue, file: string): unknown {
  const key = option.attributeName();
  if (option.isBoolean()) {
    if (typeof value !== "boolean") throw badConfig(file, `\`${key}\` must be true or false`);
    return value;
  }
  if (option.variadic) return [value].flat().map(String);
  const isText = typeof value === "string" || typeof value === "number";
  if (!isText && !Array.isArray(value)) throw badConfig(file, `\`${key}\` must be text, a number or a list`);
  const text = isText ? String(value) : value.join(",");
  try {
    return option.parseArg ? option.parseArg(text, undefined) : text;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw badConfig(file, `\`${key}\` is ${JSON.stringify(value)}. ${error.message}`);
  }
}
