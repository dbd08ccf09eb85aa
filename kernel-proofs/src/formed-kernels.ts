import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeJob } from "./job.ts";
import { runOn, type Machine } from "./machine.ts";
import type { Subject } from "./subject.ts";

/** What ONNX Runtime made of a model on some machine. */
export interface FormedKernels {
  /** Ops of the kernels that ran, in order. */
  readonly ops: readonly string[];
  /** Share of multiply-accumulates on integers, 0 to 1. */
  readonly integerShare: number;
}

/** What a machine's runtime makes of subjects as they are shipped, by its own defaults or under a session configuration. */
export function formedKernels(
  machine: Machine,
  subjects: readonly Subject[],
  config: Readonly<Record<string, string>> = {},
): readonly FormedKernels[] {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-formed-kernels-"));
  try {
    writeJob(
      folder,
      subjects.map(({ forms, feeds }) => ({ model: forms.qdq, feeds: feeds.slice(0, 1) })),
    );
    runOn(machine, "kernel-lister.js", [folder, "formed", JSON.stringify(config)]);
    return JSON.parse(readFileSync(join(folder, "formed.kernels.json"), "utf8")) as FormedKernels[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where two machines' kernels differ, in words; empty where they are the same. */
export function differences(one: FormedKernels, other: FormedKernels): readonly string[] {
  const count = ({ ops }: FormedKernels, op: string): number => ops.filter((each) => each === op).length;
  return [...new Set([...one.ops, ...other.ops])].sort().flatMap((op) => {
    const [a, b] = [count(one, op), count(other, op)];
    return a === b ? [] : [`${op}: ${a} and ${b}`];
  });
}
