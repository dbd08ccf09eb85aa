/**
 * How the graph core scales: a chain-and-branch graph of 10,000 and of 100,000 nodes goes through load, canonicalize, fuse,
 * verify and save. Prints seconds per stage (the least of several rounds) and how much longer ten times the nodes take.
 *
 * `npm run bench:scale [-- rounds]`; exits with 1 when a bound is missed.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, saveModel, verifyModel } from "@lowbit/ir";
import { canonicalize, defaultPipeline, optimize, runPasses } from "@lowbit/rewrite";
import { chainAndBranch } from "./chain-and-branch.ts";
import { timed } from "./timed.ts";

const sizes = [10_000, 100_000] as const;
const maxSeconds = 10;
const maxGrowth = 14;
const stages = ["load", "canonicalize", "fuse", "verify", "save"] as const;
type Seconds = Readonly<Record<(typeof stages)[number], number>>;

/** What the default pipeline does before it optimizes. */
const ingest = defaultPipeline.filter((pass) => pass !== optimize);

const rounds = Number(process.argv[2] ?? 3);
const folder = mkdtempSync(join(tmpdir(), "lowbit-scale-"));
try {
  const [small, large] = sizes.map(leastOf) as [Seconds, Seconds];
  console.log(["stage", ...sizes.map((size) => `${size} nodes`), "growth"].map((cell) => cell.padStart(14)).join(""));
  for (const stage of stages) printRow(stage, small[stage], large[stage]);
  const totals = [small, large].map(total) as [number, number];
  printRow("total", ...totals);
  const growth = totals[1] / totals[0];
  const holds = totals[1] < maxSeconds && growth <= maxGrowth;
  console.log(
    `${holds ? "holds" : "MISSED"}: ${totals[1].toFixed(2)} s for ${sizes[1]} nodes (bound ${maxSeconds} s), growth ${growth.toFixed(1)} (bound ${maxGrowth})`,
  );
  if (!holds) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** The least seconds of each stage over all rounds; the machine is rarely quiet, and nothing makes a stage too fast. */
function leastOf(size: number): Seconds {
  const file = join(folder, `${size}.onnx`);
  const model = chainAndBranch(size);
  saveModel(model, file);
  console.log(`${model.graph.nodes.length} nodes, ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`);
  const runs = Array.from({ length: rounds }, () => measure(file));
  const least = (stage: (typeof stages)[number]): number => Math.min(...runs.map((run) => run[stage]));
  return Object.fromEntries(stages.map((stage) => [stage, least(stage)])) as Seconds;
}

function measure(file: string): Seconds {
  const [load, model] = timed(() => loadModel(file));
  const [canonical] = timed(() => runPasses(model, [...ingest, canonicalize]));
  const [fuse] = timed(() => runPasses(model, [optimize]));
  const [verify, findings] = timed(() => verifyModel(model));
  if (findings.length > 0) throw new Error(`the result is not valid: ${findings[0]!.message}`);
  const [save] = timed(() => saveModel(model, `${file}.out`));
  return { load, canonicalize: canonical, fuse, verify, save };
}

function total(seconds: Seconds): number {
  return stages.reduce((sum, stage) => sum + seconds[stage], 0);
}

function printRow(stage: string, small: number, large: number): void {
  const cells = [stage, small.toFixed(3), large.toFixed(3), (large / small).toFixed(1)];
  console.log(cells.map((cell) => cell.padStart(14)).join(""));
}
