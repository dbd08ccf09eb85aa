import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processorCores } from "./processor-cores.ts";

/** A folder that describes processors, each by the list of those that share its core. */
function described(siblings: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-cores-"));
  siblings.forEach((list, index) => {
    const topology = join(folder, `cpu${index}`, "topology");
    mkdirSync(topology, { recursive: true });
    writeFileSync(join(topology, "thread_siblings_list"), `${list}\n`);
  });
  mkdirSync(join(folder, "cpufreq"));
  return folder;
}

test.each([
  [["0-1", "0-1"], 1],
  [["0", "1"], 2],
  [["0,2", "1,3", "0,2", "1,3"], 2],
  [["0"], 1],
])("processors that share cores as %j are %i cores", (siblings, cores) => {
  const folder = described(siblings);
  try {
    expect(processorCores(folder)).toBe(Math.min(cores, availableParallelism()));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a system that does not describe its processors has unknown cores", () => {
  const folder = described([]);
  try {
    expect([processorCores(folder), processorCores(join(folder, "missing"))]).toEqual([undefined, undefined]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
