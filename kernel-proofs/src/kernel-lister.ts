/**
 * Tells which kernels ONNX Runtime forms of the models of a job folder. Started as a process of its own, under an emulator where
 * the machine is emulated: `kernel-lister.js <folder> <name of the results> <session configuration as JSON>`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { integerShare, whatRan } from "@lowbit/runtime";
import { readJob } from "./job.ts";
import type { FormedKernels } from "./formed-kernels.ts";

const [folder, name, config] = process.argv.slice(2);
if (folder === undefined || name === undefined || config === undefined) {
  throw new Error("usage: kernel-lister.js <folder> <name> <configuration>");
}

const results: FormedKernels[] = [];
for (const { path, feeds } of readJob(folder)) {
  const options = { threads: 1, config: JSON.parse(config) as Record<string, string> };
  const kernels = await whatRan(path, feeds[0]!, options);
  results.push({ ops: kernels.map(({ op }) => op), integerShare: integerShare(kernels) });
}
writeFileSync(join(folder, `${name}.kernels.json`), JSON.stringify(results));
