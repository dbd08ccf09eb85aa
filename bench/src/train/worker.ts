/**
 * One training on ONNX Runtime, driven line by line: prints `ready`, then for every line `K` it reads it runs K steps and
 * prints their seconds and losses, and at the end of input its peak memory.
 *
 * Arguments: model, mode (`float`, `qat`, `frozen` or `integer`), factor of the model's batch.
 */
import { createInterface } from "node:readline";
import { preparedTraining } from "./prepared.ts";

const [name = "", mode = "float", factor = "1"] = process.argv.slice(2);
const { runner, perCall, batches, learningRate } = await preparedTraining(name, mode, Number(factor));
const state = runner.initialState();
let done = 0;

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await run(Number(line))));
console.log(JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024 }));

async function run(steps: number): Promise<{ readonly seconds: number; readonly losses: readonly number[] }> {
  const losses: number[] = [];
  const started = performance.now();
  while (losses.length < steps) {
    const count = Math.min(perCall, steps - losses.length);
    const some = Array.from({ length: count }, (_, index) => batches[(done + index) % batches.length]!);
    const rates = some.map(() => learningRate);
    losses.push(...(await runner.run(state, some, done + 1, rates)));
    done += count;
  }
  return { seconds: (performance.now() - started) / 1000, losses };
}
