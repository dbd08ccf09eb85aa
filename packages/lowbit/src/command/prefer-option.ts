import { Option } from "commander";
import type { Preference } from "@lowbit/backend-kit";

/** What `--prefer` gives. */
export interface PreferOptions {
  readonly prefer: Preference;
}

/** `--prefer` for commands that plan with a backend. */
export function preferOption(): Option {
  return new Option("--prefer <what>", "integers where they are faster, or wherever there is a kernel")
    .choices(["speed", "integer"])
    .default("speed");
}
