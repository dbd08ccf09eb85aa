/**
 * What calibration costs beside plain float inference of the same images, for ResNet20 and 1,000 images of CIFAR-10.
 *
 * `npm run bench:calibrate [-- rounds]`. Rounds go through all observers in turn; medians count. Exits with 1 when min-max takes more
 * than 1.5 times, or histogram more than 3 times as long as inference, or when resident memory grows with the number of images.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { loadModel, Session, x86, Tensor, type Feeds, type Model, type ObserverName, type QuantPlan } from "lowbit";
import { calibrate, calibrateAll, observerNames } from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { labelledModels, materialsFolder } from "@lowbit/test-models";
import { median } from "./median.ts";
import { timedAsync } from "./timed.ts";

const images = 1000;
/** Samples per run, of inference as of calibration: what `lowbit quantize` runs. */
const batch = 32;
const bounds: Partial<Record<ObserverName, number>> = { "min-max": 1.5, histogram: 3 };
const megabyte = 2 ** 20;

/** Growth of the peak from 2,000 to 8,000 images that counts as none. */
const allowedGrowth = 1.1;

const rounds = Number(process.argv[2] ?? 5);
const folder = materialsFolder();
if (folder === null) console.log("skipped: the models are not there (../shared/materials)");
else if (process.argv[2] === "--memory") await printMemory(folder, process.argv[3]!, Number(process.argv[4]));
else {
  await compareTimes(folder);
  compareMemory();
}

function prepared(materials: string): {
  readonly model: Model;
  readonly plan: QuantPlan;
  readonly data: readonly Feeds[];
} {
  const { file, train } = labelledModels.ResNet20;
  const model = loadModel(`${materials}/${file}`);
  runPasses(model, defaultPipeline);
  const plan = x86({ prefer: "integer" }).quantizer.annotate(model.graph);
  const input = model.graph.inputs[0]!.name;
  return { model, plan, data: train(materials, images).flatMap(({ x }) => batches(input, x)) };
}

/** Samples in runs of `batch`. */
function batches(input: string, x: Tensor): readonly Feeds[] {
  const [rows, ...dims] = x.dims as readonly [number, ...number[]];
  const perRow = x.size / rows;
  return Array.from({ length: Math.ceil(rows / batch) }, (_, i) => {
    const [from, to] = [i * batch, Math.min((i + 1) * batch, rows)];
    const part = x.floats().slice(from * perRow, to * perRow);
    return { [input]: Tensor.fromTyped("float", [to - from, ...dims], part) };
  });
}

async function compareTimes(materials: string): Promise<void> {
  const { model, plan, data } = prepared(materials);
  const infer = async (): Promise<void> => {
    const session = await Session.create(model);
    for (const feeds of data) await session.run(feeds);
    await session.release();
  };
  const ways: Record<string, () => Promise<unknown>> = { inference: infer };
  for (const observer of observerNames) ways[observer] = () => calibrate(model, plan, data, { observer });
  ways["all at once"] = () => calibrateAll(model, plan, data, observerNames);
  ways["histogram, all elements"] = () =>
    calibrate(model, plan, data, { observer: "histogram", valuesPerSample: Infinity });
  const seconds = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  // The first run of each compiles.
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(ways)) {
      const [took] = await timedAsync(run);
      if (round >= 0) seconds.get(name)!.push(took);
    }
  }
  const plain = median(seconds.get("inference")!);
  console.log(`ResNet20, ${images} images of CIFAR-10, medians of ${rounds} interleaved rounds`);
  for (const [name, all] of seconds) {
    const ratio = median(all) / plain;
    const bound = bounds[name as ObserverName];
    const verdict =
      bound === undefined ? "" : ratio <= bound ? `  holds (bound ${bound})` : `  MISSED (bound ${bound})`;
    if (bound !== undefined && ratio > bound) process.exitCode = 1;
    console.log(`${name.padEnd(26)}${median(all).toFixed(3)} s${ratio.toFixed(2).padStart(8)} x${verdict}`);
  }
}

/** Peak memory in processes of their own, so that one does not pay for another. */
function compareMemory(): void {
  for (const observer of ["min-max", "histogram"] as const) {
    const counts = [2000, 4000, 8000];
    const peaks = counts.map((count) => {
      const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--memory", observer, String(count)]);
      return Number(child.stdout.toString());
    });
    const growth = peaks.at(-1)! / peaks[0]!;
    const holds = growth <= allowedGrowth;
    if (!holds) process.exitCode = 1;
    const list = counts.map((count, i) => `${count}: ${peaks[i]!.toFixed(0)} MB`).join(", ");
    console.log(
      `peak resident memory, ${observer}, by images: ${list}  ${holds ? "holds" : "MISSED"} (bound ${allowedGrowth} x)`,
    );
  }
}

async function printMemory(materials: string, observer: string, count: number): Promise<void> {
  const { model, plan, data } = prepared(materials);
  function* repeated(): Generator<Feeds> {
    for (let round = 0; round < count / images; round++) yield* data;
  }
  await calibrate(model, plan, repeated(), { observer: observer as ObserverName });
  console.log((process.resourceUsage().maxRSS * 1024) / megabyte);
}
