/**
 * Float and int8 models side by side on ONNX Runtime: the real models of `../shared/materials` after our float optimizations,
 * quantized for x86 for the batch at hand, and quantized by ONNX Runtime's own quantize_static where a Python has it. All forms of
 * a model are measured in turns in one process; ratios are of medians, above 1 means that int8 is faster.
 *
 * `npm run bench:inference [-- --threads N --seconds S --only PART --python PYTHON --files FOLDER --make-only --held-out]`: `--files`
 * keeps the models in a folder and uses what an earlier run left there; `--make-only` measures nothing; `--held-out` takes models that
 * prices and placement were not chosen on instead.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchmark } from "lowbit";
import { materialsFolder } from "@lowbit/test-models";
import { casesOf, type Case } from "./inference/cases.ts";
import { heldOutCases } from "./inference/held-out.ts";
import { makeForms, type Forms, type Made } from "./inference/make.ts";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    seconds: { type: "string", default: "0.7" },
    only: { type: "string", default: "" },
    python: { type: "string" },
    files: { type: "string" },
    "make-only": { type: "boolean", default: false },
    "held-out": { type: "boolean", default: false },
  },
});

/** What is measured of one model at one batch. */
interface Row {
  readonly each: Case;
  readonly batch: number;
  readonly forms: Forms;
  readonly floatMs: number;
  readonly ratio: number;
  readonly peerRatio: number | null;
}

const materials = materialsFolder();
if (materials === null) console.log("skipped: the models are not there (../shared/materials)");
else {
  const folder = values.files ?? mkdtempSync(join(tmpdir(), "lowbit-inference-"));
  mkdirSync(folder, { recursive: true });
  try {
    await run(materials, folder);
  } finally {
    if (values.files === undefined) rmSync(folder, { recursive: true });
  }
}

async function run(from: string, folder: string): Promise<void> {
  const all = values["held-out"] ? heldOutCases(folder) : casesOf(from);
  const cases = all.filter(({ name }) => name.includes(values.only));
  const made: { each: Case; batch: number; forms: Forms }[] = [];
  for (const each of cases)
    for (const batch of each.batches)
      made.push({ each, batch, forms: await makeForms(each, batch, folder, values.python) });
  if (values["make-only"]) return;
  const rows: Row[] = [];
  print(["model", "batch", "float ms", "int8", "peer", "int8/peer", "bytes", "integer MACs", "--prefer integer"]);
  for (const one of made) {
    const row = await measured(one.each, one.batch, one.forms);
    rows.push(row);
    const { forms } = row;
    print([
      row.each.name,
      row.batch,
      row.floatMs.toFixed(3),
      row.ratio.toFixed(2),
      row.peerRatio?.toFixed(2) ?? "-",
      row.peerRatio === null ? "-" : (row.ratio / row.peerRatio).toFixed(2),
      (forms.float.bytes / forms.integer.bytes).toFixed(2),
      `${(100 * forms.int8.integerMacs).toFixed(1)} %`,
      `${(100 * forms.integer.integerMacs).toFixed(1)} %`,
    ]);
  }
  console.log();
  accuracies(rows);
  bounds(rows);
}

async function measured(each: Case, batch: number, forms: Forms): Promise<Row> {
  const files = [forms.float, forms.int8, ...peerOf(forms)].map(({ path }) => path);
  const options = { threads: Number(values.threads), seconds: Number(values.seconds), batch };
  const [float, int8, peer] = (await benchmark(files, options)).timings.map(({ medianMs }) => medianMs);
  return {
    each,
    batch,
    forms,
    floatMs: float!,
    ratio: float! / int8!,
    peerRatio: peer === undefined ? null : float! / peer,
  };
}

/** The peer's form, if there is one. */
function peerOf({ peer }: Forms): readonly Made[] {
  return peer && "path" in peer ? [peer] : [];
}

function accuracies(rows: readonly Row[]): void {
  for (const { each, batch, forms } of rows) {
    if (forms.float.accuracy === null) continue;
    const percent = (name: string, accuracy: number | null | undefined): string =>
      `${name} ${accuracy === null || accuracy === undefined ? "-" : `${accuracy.toFixed(2)} %`}`;
    const { float, int8, integer } = forms;
    const cells = [
      percent("float", float.accuracy),
      percent("int8", int8.accuracy),
      percent("all integer", integer.accuracy),
      percent("peer", peerOf(forms)[0]?.accuracy),
    ];
    console.log(`accuracy of ${each.name} for batch ${batch}: ${cells.join(", ")}`);
  }
  for (const { each, batch, forms } of rows)
    if (batch === 1 && forms.peer && "failure" in forms.peer)
      console.log(`the peer fails on ${each.name}: ${forms.peer.failure}`);
}

/** One line per bound; the process exits with 1 when one is missed. */
function bounds(rows: readonly Row[]): void {
  const slow = rows.filter(({ ratio }) => ratio < 0.97).map(({ each, batch }) => `${each.name} at ${batch}`);
  bound("no model more than 3 % slower than float", slow);
  const targets = rows.filter(({ each, batch }) => batch === 64 && each.bound !== undefined);
  const below = targets.filter(({ each, ratio }) => ratio < each.bound!);
  bound(
    "targets at batch 64",
    below.map(({ each, ratio }) => `${each.name} ${ratio.toFixed(2)} of ${each.bound}`),
  );
  for (const [batch, least] of [
    [1, 1.3],
    [64, 1.2],
  ] as const) {
    const factors = rows.flatMap((row) => (row.batch === batch && row.peerRatio ? [row.ratio / row.peerRatio] : []));
    if (factors.length === 0) continue;
    const mean = Math.exp(factors.reduce((sum, each) => sum + Math.log(each), 0) / factors.length);
    const text = `geometric mean against the peer at batch ${batch}: ${mean.toFixed(2)} (bound ${least})`;
    bound(text, mean >= least ? [] : ["too small"]);
  }
  const behindPeer = ({ forms }: Row): number => (peerOf(forms)[0]?.accuracy ?? 0) - (forms.int8.accuracy ?? 100);
  // A sample of 500 is 0.2 points, but the difference of two percentages not exactly.
  const worse = rows.filter((row) => Number(behindPeer(row).toFixed(9)) > 0.2);
  bound(
    "at most 0.2 points less accurate than the peer",
    worse.map(({ each, batch }) => `${each.name} at ${batch}`),
  );
}

function bound(text: string, missed: readonly string[]): void {
  console.log(missed.length === 0 ? `holds: ${text}` : `MISSED: ${text}: ${missed.join(", ")}`);
  if (missed.length > 0) process.exitCode = 1;
}

function print([name, ...cells]: readonly (string | number)[]): void {
  console.log(
    String(name).padEnd(14) + cells.map((cell, i) => String(cell).padStart([6, 9, 7, 7, 10, 7, 14, 17][i]!)).join(""),
  );
}
