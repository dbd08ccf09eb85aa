/**
 * Training steps on ONNX Runtime beside PyTorch (FX QAT, x86 mapping): the same weights and batches, each side in a process
 * of its own, taking turns. Prints the median time of a step, its ratio, the loss after 20 steps, peak memory, and how time
 * per image grows from 1 to 8 times the batch. Exits with 1 when a target is missed.
 *
 * PyTorch runs twice: as it is, which is what targets are for, and keeping the memory it has freed, which it otherwise returns to the
 * system in every step and gets back page by page, dearly on a virtual machine.
 *
 * Modes: `float`; `qat`; `frozen`, where observers and BatchNormalization stand still; `integer`, where the forward then runs
 * the integer operators that are deployed. PyTorch has no such form: its frozen phase stands beside both.
 *
 * `npm run bench:train [-- models,comma-separated [modes [rounds]]]`. PyTorch is skipped, by name, where no Python has it:
 * `python3 -m venv bench/peers/venv && bench/peers/venv/bin/pip install torch==2.13.0 numpy`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { benchModels } from "./train/models.ts";
import { pythonWith } from "./train/peer-python.ts";
import { madeUpBatches, sharedSetting } from "./train/setting.ts";
import { Side } from "./train/side.ts";

const [models = Object.keys(benchModels).join(","), modes = "float,qat,integer", roundsText = "7"] =
  process.argv.slice(2);
const rounds = Number(roundsText);
for (const name of models.split(",")) if (!(name in benchModels)) usage(`no model "${name}"`);
for (const mode of modes.split(","))
  if (!["float", "qat", "frozen", "integer"].includes(mode)) usage(`no mode "${mode}"`);
if (!(rounds >= 1)) usage(`"${roundsText}" is no number of rounds`);
/** Seconds one side runs before it is the other's turn. */
const secondsPerTurn = 1;
/** Turns of both sizes whose ratios give the growth: a single one is off by a tenth. */
const growthRounds = 15;
/** What the project set out to reach: PyTorch's time over ours. */
const targets: Readonly<Record<string, number>> = {
  "mlp qat": 2.7,
  "cnn qat": 1.3,
  "resnet18 qat": 1.4,
  "mobilenet_v2 qat": 1.7,
  "mobilenet_v2 integer": 1.9,
  "resnet18 integer": 1.3,
};

/** glibc's settings with which freed memory stays with the process: nothing mapped alone, nothing trimmed, 256 MiB at a time. */
const keptMemory = { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: `${2 ** 33}`, MALLOC_TOP_PAD_: `${2 ** 28}` };

const worker = fileURLToPath(new URL("./train/worker.js", import.meta.url));
const peer = fileURLToPath(new URL("../peers/train.py", import.meta.url));
const python = pythonWith("torch");
if (python === null) console.log("skipped: PyTorch (no Python here has torch); our side only");
const missed: string[] = [];
const folder = mkdtempSync(join(tmpdir(), "lowbit-bench-"));
try {
  printRow([
    "model",
    "mode",
    "ours ms",
    "PyTorch ms",
    "ratio",
    "target",
    "kept ms",
    "ratio",
    "loss 20",
    "PyTorch",
    "MiB",
    "PyTorch",
    "x8",
  ]);
  for (const name of models.split(",")) for (const mode of modes.split(",")) await measure(name, mode);
} finally {
  rmSync(folder, { recursive: true });
}
for (const miss of missed) console.log(`missed: ${miss}`);
process.exitCode = missed.length > 0 ? 1 : 0;

function usage(problem: string): never {
  console.error(
    `${problem}\nbench:train -- [MODELS [MODES [ROUNDS]]]: ${Object.keys(benchModels).join(",")}; float,qat,frozen,integer; 7`,
  );
  process.exit(1);
}

async function measure(name: string, mode: string): Promise<void> {
  const model = benchModels[name]!;
  const { data, index } = sharedSetting(model.build(), madeUpBatches(model, model.batch), model.learningRate);
  writeFileSync(join(folder, "setting.bin"), data);
  writeFileSync(join(folder, "setting.json"), JSON.stringify(index));
  const ours = await Side.start(process.execPath, [worker, name, mode]);
  const peerArguments = [peer, name, mode === "integer" ? "frozen" : mode, folder];
  const theirs =
    python === null
      ? []
      : [await Side.start(python, peerArguments), await Side.start(python, peerArguments, keptMemory)];
  const sides = [ours, ...theirs];
  const turns: { readonly side: Side; readonly loss: number; readonly steps: number; readonly times: number[] }[] = [];
  for (const side of sides) {
    const first = await side.run(20);
    const again = await side.run(20);
    const steps = Math.max(2, Math.round((secondsPerTurn * 20) / again.seconds));
    turns.push({ side, loss: first.losses.at(-1)!, steps, times: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { side, steps, times } of turns) times.push((1000 * (await side.run(steps)).seconds) / steps);
  }
  const [own, other, keeping] = turns;
  const ratioTo = (peer: typeof own): number | undefined =>
    peer && median(own!.times.map((time, round) => peer.times[round]! / time));
  const ratio = ratioTo(other);
  const peaks = [];
  for (const side of sides) peaks.push((await side.end()) / 2 ** 20);
  const target = targets[`${name} ${mode}`];
  const growing = mode === "qat" ? await growth(name, mode) : undefined;
  if ((ratio ?? Infinity) < (target ?? 0)) missed.push(`${name} ${mode}: ${ratio!.toFixed(2)} times PyTorch's speed`);
  if (peaks[0]! > (peaks[1] ?? Infinity)) missed.push(`${name} ${mode}: more memory than PyTorch`);
  if ((growing ?? 0) > 1)
    missed.push(`${name} ${mode}: time per image at 8 times the batch is ${growing!.toFixed(2)} of it`);
  const cell = (value: number | undefined, digits: number, absent = "-", unit = ""): string =>
    value === undefined ? absent : `${value.toFixed(digits)}${unit}`;
  printRow([
    name,
    mode,
    cell(median(own!.times), 2),
    cell(other && median(other.times), 2),
    cell(ratio, 2, "-", "x"),
    cell(target, 1, "", "x"),
    cell(keeping && median(keeping.times), 2),
    cell(ratioTo(keeping), 2, "-", "x"),
    cell(own!.loss, 4),
    cell(other?.loss, 4),
    cell(peaks[0], 0),
    cell(peaks[1], 0),
    cell(growing, 2, ""),
  ]);
}

/** Time per image at 8 times the batch over time per image at the model's own: the median over turns, one right after the other. */
async function growth(name: string, mode: string): Promise<number> {
  const sides = [
    await Side.start(process.execPath, [worker, name, mode]),
    await Side.start(process.execPath, [worker, name, mode, "8"]),
  ];
  for (const side of sides) await side.run(4);
  const ratios: number[] = [];
  for (let round = 0; round < growthRounds; round++) {
    const one = await sides[0]!.run(32);
    const eight = await sides[1]!.run(4);
    ratios.push(eight.seconds / one.seconds);
  }
  for (const side of sides) await side.end();
  return median(ratios);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

function printRow(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => (index < 2 ? cell.padEnd(14) : cell.padStart(11))).join(""));
}
