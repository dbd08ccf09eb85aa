/**
 * Where the time of a training step goes: ONNX Runtime's profile of some steps, by op, as the median of the steps.
 *
 * `node bench/dist/train/profile.js MODEL [MODE [FACTOR [STEPS]]]`: mlp, cnn, resnet18 or mobilenet_v2; float, qat (default), frozen
 * or integer; a factor of the model's batch (default 1); steps (default 30). A profile adds about a microsecond per kernel.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../median.ts";
import { preparedTraining } from "./prepared.ts";

/** What an entry of ONNX Runtime's profile has that is used here; times in microseconds. */
interface Entry {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly op_name?: string };
}

const [name = "", mode = "qat", factor = "1", steps = "30"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "lowbit-profile-"));
const times: number[] = [];
try {
  const runtime = { profilePrefix: join(folder, "profile") };
  const { runner, batches, learningRate } = await preparedTraining(name, mode, Number(factor), runtime);
  const state = runner.initialState();
  for (let step = 0; step < Number(steps); step++) {
    const started = performance.now();
    await runner.run(state, [batches[step % batches.length]!], step + 1, [learningRate]);
    times.push(performance.now() - started);
  }
  await runner.release();
  print(JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]!), "utf8")) as readonly Entry[]);
} finally {
  rmSync(folder, { recursive: true });
}

/** Prints the ops from the longest on. */
function print(entries: readonly Entry[]): void {
  const runs = entries.filter(({ name: event }) => event === "model_run").toSorted((a, b) => a.ts - b.ts);
  const kernels = entries.filter(
    ({ cat, name: event, args }) => cat === "Node" && event.endsWith("_kernel_time") && args.op_name !== "Scan",
  );
  const byOp = new Map<string, { nodes: number; perRun: number[] }>();
  for (const { args, ts, dur } of kernels) {
    const at = runs.findLastIndex((run) => run.ts <= ts);
    const found = byOp.get(args.op_name!) ?? { nodes: 0, perRun: runs.map(() => 0) };
    byOp.set(args.op_name!, { ...found, nodes: found.nodes + 1 });
    found.perRun[at]! += dur / 1000;
  }
  const rows = [...byOp].map(([op, { nodes, perRun }]) => ({ op, nodes: nodes / runs.length, ms: median(perRun) }));
  const sum = rows.reduce((total, { ms }) => total + ms, 0);
  console.log(`${name} ${mode}: a step takes ${median(times).toFixed(1)} ms, its kernels ${sum.toFixed(1)} ms`);
  for (const { op, nodes, ms } of rows.toSorted((a, b) => b.ms - a.ms)) {
    if (ms < sum / 200) continue;
    console.log(
      `${op.padEnd(24)} ${nodes.toFixed(0).padStart(5)} nodes ${ms.toFixed(2).padStart(8)} ms ${((100 * ms) / sum).toFixed(1).padStart(5)} %`,
    );
  }
}
