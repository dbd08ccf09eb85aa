import { Option, type Command } from "commander";
import type { Backend, ReduceRange } from "@lowbit/backend-kit";
import { loadBackend } from "../backends/load-backend.ts";
import type { LowbitConfig } from "./config/config.ts";
import { readCostsFile } from "./costs-file.ts";
import { positiveInteger } from "./parse-values.ts";
import { preferOption, type PreferOptions } from "./prefer-option.ts";

/** What decides where a backend puts integers, and how many bits its weights get. */
export interface PlacementOptions extends PreferOptions {
  readonly backend: string;
  readonly batch?: number;
  readonly costs?: string;
  readonly reduceRange?: ReduceRange;
}

/** Adds the options about placement, but for `--backend`. */
export function addPlacement(command: Command): Command {
  return command
    .addOption(preferOption())
    .option(
      "--batch <N>",
      "samples per run to be fast for, where the model leaves it open (default: 1)",
      positiveInteger,
    )
    .option("--costs <FILE>", "what kernels cost on your machine, from `bench --calibrate-costs` (default: built in)")
    .addOption(
      new Option(
        "--reduce-range <which>",
        "weights that get fewer than 8 bits, since sums saturate on x86 without VNNI (default: auto for x86:avx2)",
      ).choices(["all", "auto", "none"]),
    );
}

/** The backend that options ask for. @throws CompileError `backend/…` */
export function placingBackend(options: PlacementOptions, { backends = [] }: LowbitConfig): Promise<Backend> {
  const { backend, prefer, batch, costs, reduceRange } = options;
  return loadBackend(backend, {
    prefer,
    ...(batch === undefined ? {} : { batch }),
    ...(costs === undefined ? {} : { costs: readCostsFile(costs) }),
    ...(reduceRange === undefined ? {} : { reduceRange }),
    known: backends,
  });
}
