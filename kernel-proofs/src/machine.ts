import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Feeds } from "@lowbit/runtime";
import { readResults } from "./job.ts";

/** A CPU, real or emulated, that runs ONNX Runtime. */
export interface Machine {
  /** As in `ARM64 with dot products (neoverse-n1)`. */
  readonly name: string;
  /** The program that runs JavaScript there, with its arguments. */
  readonly node: readonly [program: string, ...args: readonly string[]];
}

/** This machine. */
export const native: Machine = { name: "this CPU", node: [process.execPath] };

/** Runs a job on a machine: the outputs of each model for each of its feeds. */
export function runJob(machine: Machine, folder: string): readonly (readonly Feeds[])[] {
  const name = machine.name.replace(/\W+/g, "-");
  runOn(machine, "runner.js", [folder, name]);
  return readResults(folder, name);
}

/** Runs a program of this package on a machine, in a process of its own. */
export function runOn(machine: Machine, program: string, given: readonly string[]): void {
  const [node, ...args] = machine.node;
  const path = fileURLToPath(new URL(program, import.meta.url));
  const { status, signal, stderr, error } = spawnSync(node, [...args, path, ...given], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (status !== 0) {
    throw new Error(
      `${machine.name}: ${error?.message ?? (signal ? `ended by ${signal}` : `exit code ${status}`)}\n${stderr}`,
    );
  }
}
