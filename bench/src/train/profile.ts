/**
 * Where the time of a training step goes: ONNX Runtime's profile, by op, as the median of some calls.
 *
 * `node bench/dist/train/profile.js MODEL [MODE [FACTOR [CALLS]]]`: mlp, cnn, resnet18 or mobilenet_v2; float, qat (default), frozen
 * or integer; a factor of the model's batch (default 1); calls of as many steps as `bench:train` makes (default 10). A profile adds about a microsecond per kernel.
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

const [name = "", mode = "qat", factor = "1", calls = "10"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "lowbit-profile-"));
const times: number[] = [];
try {
  const runtime = { profilePrefix: join(folder, "profile") };
  const { runner, perCall, batches, learningRate } = await preparedTraining(name, mode, Number(factor), runtime);
  const state = runner.initialState();
  for (let call = 0; call < Number(calls); call++) {
    const some = Array.from({ length: perCall }, (_, i) => batches[(call * perCall + i) % batches.length]!);
    const rates = some.map(() => learningRate);
    const started = performance.now();
    await runner.run(state, some, call * perCall + 1, rates);
    times.push((performance.now() - started) / perCall);
  }
  await runner.release();
  const file = readFileSync(join(folder, readdirSync(folder)[0]!), "utf8");
  print(JSON.parse(file) as readonly Entry[], perCall);
} finally {
  rmSync(folder, { recursive: true });
}

/** Prints the ops from the longest on. */
function print(entries: readonly Entry[], perCall: number): void {
  const runs = entries.filter(({ name: event }) => event === "model_run").toSorted((a, b) => a.ts - b.ts);
  const kernels = entries.filter(
    ({ cat, name: event, args }) => cat === "Node" && event.endsWith("_kernel_time") && args.op_name !== "Scan",
  );
  const byOp = new Map<string, { nodes: number; perRun: number[] }>();
  for (const { args, ts, dur } of kernels) {
    const at = runs.findLastIndex((run) => run.ts <= ts);
    const found = byOp.get(args.op_name!) ?? { nodes: 0, perRun: runs.map(() => 0) };
    byOp.set(args.op_name!, { ...found, nodes: found.nodes + 1 });
    found.perRun[at]! += dur / 1000 / perCall;
  }
  const rows = [...byOp].map(([op, { nodes, perRun }]) => ({
    op,
    nodes: nodes / runs.length / perCall,
    ms: median(perRun),
  }));
  const sum = rows.reduce((total, { ms }) => total + ms, 0);
  console.log(`${name} ${mode}: a step takes ${median(times).toFixed(1)} ms, its kernels ${sum.toFixed(1)} ms`);
  for (const { op, nodes, ms } of rows.toSorted((a, b) => b.ms - a.ms)) {
    if (ms < sum / 200) continue;
    console.log(
      `${op.padEnd(24)} ${nodes.toFixed(0).padStart(5)} nodes ${ms.toFixed(2).padStart(8)} ms ${((100 * ms) / sum).toFixed(1).padStart(5)} %`,
    );
  }
}
