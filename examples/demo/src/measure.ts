import { statSync } from "node:fs";
import { benchmark, evaluate, type Dataset } from "lowbit";
import type { Form } from "./summary.ts";

/** Measures saved models side by side: accuracy on all test images, bytes, latency on one thread. */
export async function measure(files: readonly string[], test: Dataset): Promise<readonly Form[]> {
  const one = await benchmark(files, { batch: 1, threads: 1, seconds: 0.5 });
  const many = await benchmark(files, { batch: 64, threads: 1, seconds: 1.5 });
  const forms: Form[] = [];
  for (const [index, file] of files.entries()) {
    const { value: accuracy } = await evaluate(file, test);
    const latencyMs = { "1": one.timings[index]!.medianMs, "64": many.timings[index]!.medianMs };
    forms.push({ accuracy, bytes: statSync(file).size, latencyMs });
  }
  return forms;
}
