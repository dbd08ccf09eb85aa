import type { SessionOptions } from "@lowbit/runtime";

/** Settings of a session, for a backend or for what was made for one, that forms the kernels of its device on any machine. */
export function runtimeConfigOf(made: Configured | null): Pick<SessionOptions, "config"> {
  return made?.runtimeConfig ? { config: made.runtimeConfig } : {};
}

interface Configured {
  readonly runtimeConfig?: Readonly<Record<string, string>> | undefined;
}
