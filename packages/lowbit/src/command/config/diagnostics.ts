import { CompileError } from "@lowbit/ir";

/** A configuration file that cannot be loaded, or says something no command understands. */
export function badConfig(file: string, message: string, help?: string): CompileError {
  return new CompileError({
    code: "config/bad-config",
    severity: "error",
    message: `configuration: ${message}`,
    where: { file },
    ...(help === undefined ? {} : { help }),
  });
}
