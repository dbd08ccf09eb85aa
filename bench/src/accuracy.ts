/**
 * What 8 bits cost in accuracy: classifiers of the materials in float and quantized for x86 with the defaults, calibrated on
 * 256 samples drawn with several seeds, and for the first seed with every observer.
 *
 * `npm run bench:accuracy [-- seeds [part of a model's name]]`. Exits with 1 when a model loses more than its bound with any seed
 * and the default observer.
 */
import { calibrateAll, deployModel, observerNames, prepare } from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import {
  accuracyOver,
  labelledModels,
  materialsFolder,
  type LabelledBatch,
  type LabelledModel,
} from "@lowbit/test-models";
import { cloneModel, loadModel, quantizeModel, Session, x86, type Feeds, type Model } from "lowbit";

const samples = 256;
const seeds = Number(process.argv[2] ?? 5);
const wanted = process.argv[3] ?? "";
const folder = materialsFolder();
if (folder === null) console.log("skipped: the models are not there (../shared/materials)");
else {
  for (const [name, model] of Object.entries(labelledModels)) {
    if (name.includes(wanted)) await printModel(name, model, folder);
  }
}

async function printModel(name: string, labelled: LabelledModel, materials: string): Promise<void> {
  const { available, loss } = labelled;
  const float = loadModel(`${materials}/${labelled.file}`);
  const tests = labelled.test(materials, available.test);
  const before = await accuracy(float, tests);
  const feeds = (seed: number): readonly Feeds[] => {
    const input = inputOf(float);
    return labelled.train(materials, drawn(available.train, seed)).map(({ x }) => ({ [input]: x }));
  };
  const quantized: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { model } = await quantizeModel(float, { backend: x86(), data: feeds(seed) });
    quantized.push(await accuracy(model, tests));
  }
  const worst = before - Math.min(...quantized);
  const holds = worst <= loss;
  if (!holds) process.exitCode = 1;
  console.log(`${name}: float ${before.toFixed(2)} % of ${available.test} test samples`);
  console.log(`  int8 by seed: ${quantized.map((percent) => percent.toFixed(2)).join(", ")}`);
  console.log(`  ${holds ? "holds" : "MISSED"}: loses at most ${worst.toFixed(2)} points (bound ${loss})`);
  const byObserver = await accuracyByObserver(float, feeds(1), tests);
  console.log(`  int8 by observer: ${byObserver.map(([each, percent]) => `${each} ${percent.toFixed(2)}`).join(", ")}`);
}

async function accuracyByObserver(
  float: Model,
  data: readonly Feeds[],
  tests: readonly LabelledBatch[],
): Promise<readonly (readonly [string, number])[]> {
  const backend = x86();
  const optimized = cloneModel(float);
  runPasses(optimized, defaultPipeline);
  const plan = backend.quantizer.annotate(optimized.graph);
  const found: (readonly [string, number])[] = [];
  for (const [name, { ranges }] of await calibrateAll(optimized, plan, data, observerNames)) {
    const graph = prepare(optimized.graph, plan, { mode: "static", ranges });
    found.push([name, await accuracy(deployModel({ ...optimized, graph }, backend).model, tests)]);
  }
  return found;
}

/** The places of some samples, drawn without repetition. */
function drawn(available: number, seed: number): readonly number[] {
  const places = Array.from({ length: available }, (_, place) => place);
  let state = seed;
  for (let i = 0; i < samples; i++) {
    state = (state * 48271) % 2147483647;
    const other = i + (state % (available - i));
    [places[i], places[other]] = [places[other]!, places[i]!];
  }
  return places.slice(0, samples);
}

/** The input that callers feed; old files list initializers among the inputs too. */
function inputOf({ graph }: Model): string {
  return graph.inputs.find((value) => !value.initializer)!.name;
}

/** Share of samples whose largest output is the right class, in percent. */
async function accuracy(model: Model, batches: readonly LabelledBatch[]): Promise<number> {
  const session = await Session.create(model);
  const [input, output] = [inputOf(model), model.graph.outputs[0]!.name];
  const percent = await accuracyOver(batches, async (x) => (await session.run({ [input]: x }))[output]!);
  await session.release();
  return percent;
}
