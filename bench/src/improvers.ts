/**
 * What each improver does to the accuracy of the classifiers in `../shared/materials`, calibrated on 256 samples: with 4-bit
 * and 8-bit weights, and after the channels between convolutions were rescaled at random, which leaves the float function
 * as it is.
 *
 * `npm run bench:improvers [-- table... model...]` with tables out of int4, int8 and rescaled, and models by a part of their
 * name. Exits with 1 when an equalized rescaled
 * model loses more than 1 point, or when no rescaled model loses more than 5 without.
 */
import { cloneModel, loadModel, type Model } from "@lowbit/ir";
import {
  createPlan,
  observed,
  planToJson,
  quantizeModel,
  valueOf,
  type Granularity,
  type Improvement,
  type PlanJson,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { Session } from "@lowbit/runtime";
import {
  accuracyOver,
  cifarBatches,
  digitBatches,
  keywordBatches,
  materialsFolder,
  rescaleChannels,
  type LabelledBatch,
} from "@lowbit/test-models";
import { x86 } from "@lowbit/backend-x86";

const samples = 256;
const backend = x86({ prefer: "integer" });

/** A classifier, and data whose classes are known. */
interface LabelledModel {
  readonly file: string;
  train(materials: string): readonly LabelledBatch[];
  test(materials: string): readonly LabelledBatch[];
}

const labelledModels: Readonly<Record<string, LabelledModel>> = {
  ResNet20: {
    file: "cifar10/resnet20-cifar10.fused.op13.onnx",
    train: (materials) => cifarBatches(materials, "train", samples, "normalized"),
    test: (materials) => cifarBatches(materials, "test", 5000, "normalized"),
  },
  "ResNet8 of MLPerf Tiny": {
    file: "mlperf-tiny/resnet8_cifar10.bn.op17.onnx",
    train: (materials) => cifarBatches(materials, "train", samples, "raw"),
    test: (materials) => cifarBatches(materials, "test", 5000, "raw"),
  },
  "keyword spotting of MLPerf Tiny": {
    file: "mlperf-tiny/kws_dscnn.bn.op17.onnx",
    train: (materials) => keywordBatches(materials, samples),
    test: (materials) => keywordBatches(materials, 500),
  },
  "MNIST of CNTK": {
    file: "mnist/mnist-ort-examples.onnx",
    train: () => digitBatches("train", samples),
    test: () => digitBatches("test", 10_000),
  },
};

/** One table: how weights are stored, and which improvers are tried. */
interface Table {
  readonly about: string;
  readonly dtype: "int8" | "int4";
  readonly granularity: "tensor" | "channel";
  readonly isRescaled: boolean;
  readonly columns: readonly (readonly Improvement[])[];
}

const single: readonly (readonly Improvement[])[] = [
  [],
  ["equalize"],
  ["bias-correction"],
  ["awq"],
  ["gptq"],
  ["adaround"],
];

const tables: Readonly<Record<string, Table>> = {
  int4: {
    about: "4-bit weights, one scale per output channel",
    dtype: "int4",
    granularity: "channel",
    isRescaled: false,
    columns: single,
  },
  int8: {
    about: "8-bit weights, one scale per tensor",
    dtype: "int8",
    granularity: "tensor",
    isRescaled: false,
    columns: [[], ["equalize"], ["bias-correction"], ["adaround"]],
  },
  rescaled: {
    about: "8-bit weights, one scale per tensor, channels rescaled by random factors of 2^-3 to 2^3",
    dtype: "int8",
    granularity: "tensor",
    isRescaled: true,
    columns: [[], ["equalize"], ["equalize", "bias-correction"]],
  },
};

const folder = materialsFolder();
const words = process.argv.slice(2);
const models = Object.keys(labelledModels).filter((name) => words.some((word) => name.includes(word)));
const unknown = words.find((word) => !(word in tables) && !models.some((name) => name.includes(word)));
const chosen = Object.keys(tables).filter((name) => words.includes(name));
if (unknown !== undefined) {
  console.error(`"${unknown}" is none of ${[...Object.keys(tables), ...Object.keys(labelledModels)].join(", ")}`);
  process.exitCode = 2;
} else if (folder === null) console.log("skipped: the models are not there (../shared/materials)");
else {
  for (const name of chosen.length > 0 ? chosen : Object.keys(tables)) await print(name, tables[name]!, folder);
}

async function print(name: string, table: Table, materials: string): Promise<void> {
  console.log(`${table.about}; accuracy in percent, activations in 8 bits, ${samples} samples`);
  const heads = table.columns.map((improve) => improve.join("+") || "plain");
  console.log(["model".padEnd(32), ...["float", ...heads].map((head) => head.padStart(widthOf(head)))].join(""));
  const losses = new Map<string, number[]>(heads.map((head) => [head, []]));
  for (const model of models.length > 0 ? models : Object.keys(labelledModels)) {
    const labelled = labelledModels[model]!;
    const float = floatModel(labelled, table, materials);
    if (!float) {
      console.log(`${model.padEnd(32)}has no Conv-Relu-Conv to rescale`);
      continue;
    }
    const test = labelled.test(materials);
    const wholly = await accuracy(float, test);
    process.stdout.write(model.padEnd(32) + wholly.toFixed(2).padStart(7));
    for (const [i, improve] of table.columns.entries()) {
      const quantized = await quantize(float, labelled, table, improve, materials);
      const percent = await accuracy(quantized, test);
      losses.get(heads[i]!)!.push(wholly - percent);
      process.stdout.write(percent.toFixed(2).padStart(widthOf(heads[i]!)));
    }
    process.stdout.write("\n");
  }
  if (name === "rescaled" && models.length === 0) judge(losses);
}

function widthOf(head: string): number {
  return Math.max(head.length, 5) + 2;
}

/** The promise about equalization. */
function judge(losses: ReadonlyMap<string, readonly number[]>): void {
  const [plain, equalized] = ["plain", "equalize"].map((head) => Math.max(...losses.get(head)!));
  const holds = plain! > 5 && equalized! <= 1;
  if (!holds) process.exitCode = 1;
  console.log(
    `${holds ? "holds" : "MISSED"}: the most that is lost is ${plain!.toFixed(2)} points plain (bound: over 5) and ${equalized!.toFixed(2)} equalized (bound: 1)`,
  );
}

/** The optimized float model; null where there is nothing to rescale although the table is about that. */
function floatModel({ file }: LabelledModel, { isRescaled }: Table, materials: string): Model | null {
  const model = loadModel(`${materials}/models/${file}`);
  runPasses(model, defaultPipeline);
  return isRescaled && rescaleChannels(model.graph, 1) === 0 ? null : model;
}

async function quantize(
  float: Model,
  labelled: LabelledModel,
  table: Table,
  improve: readonly Improvement[],
  materials: string,
): Promise<Model> {
  const input = inputOf(float);
  const data = labelled.train(materials).map(({ x }) => ({ [input]: x }));
  return (await quantizeModel(float, { backend, data, improve, plan: planOf(float, table) })).model;
}

/** The backend's plan with other codes for weights. */
function planOf(float: Model, { dtype, granularity }: Table): PlanJson {
  const { graph } = cloneModel(float);
  const plan = backend.quantizer.annotate(graph);
  const most = observed(dtype).range[1];
  const specs = [...plan.specs].map(([point, spec]): [QuantPoint, QuantSpec] => {
    if (spec.kind !== "observed" || !valueOf(point)?.initializer) return [point, spec];
    const along: Granularity = granularity === "tensor" ? { kind: "tensor" } : spec.granularity;
    return [point, { ...spec, dtype, range: [-most, most], granularity: along }];
  });
  return planToJson(createPlan(graph, new Map(specs), plan.skipped));
}

/** Share of samples that get the right class, in percent. */
async function accuracy(model: Model, batches: readonly LabelledBatch[]): Promise<number> {
  const session = await Session.create(model);
  try {
    const [input, output] = [inputOf(model), model.graph.outputs[0]!.name];
    return await accuracyOver(batches, async (x) => (await session.run({ [input]: x }))[output]!);
  } finally {
    await session.release();
  }
}

function inputOf({ graph }: Model): string {
  return graph.inputs.find((value) => !value.initializer)!.name;
}
