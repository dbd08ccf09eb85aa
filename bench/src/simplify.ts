/**
 * Our default float pipeline beside npm's onnxsim, on every real model: nodes that remain, and time from bytes to bytes. Rounds
 * alternate between the two, and the least time of each counts.
 *
 * `npm run bench:simplify [-- rounds [part of a model's name]]`; installs onnxsim into bench/peers on first use. Exits with 1 when
 * we leave more nodes on any model or take more than a third of onnxsim's time for all of them.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { importModel, modelBytes } from "@lowbit/ir";
import { defaultPipeline, graphsWithin, runPasses } from "@lowbit/rewrite";
import { materialsFolder } from "@lowbit/test-models";
import { onnxFiles } from "./onnx-files.ts";
import { loadOnnxsim } from "./onnxsim.ts";
import { timedAsync } from "./timed.ts";

interface Side {
  readonly nodes: number;
  readonly seconds: number;
}

const maxShare = 1 / 3;
const rounds = Number(process.argv[2] ?? 3);
const wanted = process.argv[3] ?? "";
const folder = materialsFolder();
if (folder === null) console.log("skipped: the models are not there (../shared/materials)");
else await compareAll(folder);

async function compareAll(materials: string): Promise<void> {
  const theirs = await loadOnnxsim();
  const files = onnxFiles(`${materials}/models`).filter((file) => file.includes(wanted));
  // Both compile themselves on first use.
  for (const simplify of [ours, theirs]) await simplify(readFileSync(files[0]!));
  printRow(["model", "nodes", "ours", "onnxsim", "ours ms", "onnxsim ms"]);
  const totals = { ours: 0, theirs: 0 };
  let more = 0;
  for (const file of files) {
    const bytes = readFileSync(file);
    const name = relative(`${materials}/models`, file);
    const runs: (readonly [Side, Side | null])[] = [];
    for (let round = 0; round < rounds; round++)
      runs.push([(await measured(ours, bytes))!, await measured(theirs, bytes)]);
    const own = best(runs.map(([side]) => side))!;
    const other = best(runs.flatMap(([, side]) => side ?? []));
    const mark = other && own.nodes > other.nodes ? "  <-- more nodes" : "";
    if (mark !== "") more++;
    if (other) {
      totals.ours += own.seconds;
      totals.theirs += other.seconds;
    }
    printRow(
      [
        name,
        nodeCount(bytes),
        own.nodes,
        other?.nodes ?? "fails",
        milliseconds(own),
        other ? milliseconds(other) : "-",
      ],
      mark,
    );
  }
  const share = totals.ours / totals.theirs;
  const holds = more === 0 && share <= maxShare;
  console.log(
    `${holds ? "holds" : "MISSED"}: more nodes on ${more} of ${files.length} models (bound 0), ${totals.ours.toFixed(2)} s to onnxsim's ${totals.theirs.toFixed(2)} s: ${(100 * share).toFixed(1)} % (bound 33 %)`,
  );
  if (!holds) process.exitCode = 1;
}

function ours(bytes: Uint8Array): Promise<Uint8Array> {
  const model = importModel(bytes);
  runPasses(model, defaultPipeline);
  return Promise.resolve(modelBytes(model));
}

/** Null when it fails on the model. */
async function measured(simplify: (bytes: Uint8Array) => Promise<Uint8Array>, bytes: Uint8Array): Promise<Side | null> {
  try {
    const [seconds, result] = await timedAsync(() => simplify(bytes));
    return { seconds, nodes: nodeCount(result) };
  } catch (error) {
    if (simplify === ours) throw error;
    return null;
  }
}

/** Nodes of the main graph and all bodies. */
function nodeCount(bytes: Uint8Array): number {
  return graphsWithin(importModel(bytes).graph).reduce((sum, graph) => sum + graph.nodes.length, 0);
}

function best(sides: readonly Side[]): Side | undefined {
  return sides.toSorted((a, b) => a.seconds - b.seconds)[0];
}

function milliseconds({ seconds }: Side): string {
  return (1000 * seconds).toFixed(1);
}

function printRow([name, ...cells]: readonly (string | number)[], mark = ""): void {
  console.log(String(name).padEnd(48) + cells.map((cell) => String(cell).padStart(12)).join("") + mark);
}
