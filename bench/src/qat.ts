/**
 * Accuracy after post-training quantization, with scales of weights per tensor and per channel, and after quantization-aware
 * training with scales per channel, beside float: ResNet20 and ResNet8 on
 * CIFAR-10 (two epochs over 10,000 training images, measured on 5,000 test images), keyword spotting on 500 samples.
 *
 * Keyword spotting has no training data of its own: it learns from the answers of the float model to one half of the
 * samples, without their labels, and is measured on the other half; then the halves change places.
 *
 * `npm run bench:qat [-- models,comma-separated [schemes [ptq | moving]]]`; `ptq` leaves out the training, which takes a quarter of an hour; `moving`
 * trains against the recipe: on labels alone, with statistics of BatchNormalization that follow the batches. Exits with 1 when a bound is
 * missed.
 */
import {
  adam,
  cloneModel,
  cosineSchedule,
  crossEntropy,
  defaultPipeline,
  distillation,
  GraphEditor,
  loadModel,
  randomCrop,
  randomFlip,
  runPasses,
  x86,
  type Augmentation,
  type Loss,
  type Model,
  type QuantizationAwareOptions,
} from "lowbit";
import { blackOf, cifar, keywords, materials, type CifarForm } from "./qat/data.ts";
import { afterPtq, afterQat, hits, schemes, type Hits, type Scheme, type Split } from "./qat/measure.ts";

interface Task {
  readonly file: string;
  readonly splits: () => readonly Split[];
  /** Whether labels are used besides the answers of the float model. */
  readonly labelled: boolean;
  readonly epochs: number;
  readonly augment: readonly Augmentation[];
}

/** The usual augmentation of CIFAR: every other image mirrored, all moved by up to 4 pixels; what comes in is black. */
const flippedAndCropped = (form: CifarForm): readonly Augmentation[] => [
  randomFlip(),
  randomCrop({ padding: 4, fill: blackOf(form) }),
];

const tasks: Readonly<Record<string, Task>> = {
  resnet20: {
    file: "cifar10/resnet20-cifar10.bn.op17.onnx",
    splits: () => [cifarSplit("normalized")],
    labelled: true,
    epochs: 2,
    augment: flippedAndCropped("normalized"),
  },
  resnet8: {
    file: "mlperf-tiny/resnet8_cifar10.bn.op17.onnx",
    splits: () => [cifarSplit("raw")],
    labelled: true,
    epochs: 2,
    augment: flippedAndCropped("raw"),
  },
  kws: {
    file: "mlperf-tiny/kws_dscnn.bn.op17.onnx",
    splits: () => [keywordSplit(0), keywordSplit(1)],
    labelled: false,
    epochs: 4,
    augment: [],
  },
};

/** Most points that training may lose against float. */
const mostLost: Readonly<Record<Scheme, number>> = { W8A8: 0.1, W4A8: 1.5 };

/** What docs/guides/qat.md advises against: labels alone, and statistics that the batches move. */
const withoutRecipe = { loss: crossEntropy(), freezeBatchNormalization: Infinity };

const [names = Object.keys(tasks).join(","), schemeNames = Object.keys(schemes).join(","), only = ""] =
  process.argv.slice(2);
const backend = x86({ prefer: "integer" });
printRow(["model", "bits", "float", "PTQ, tensor", "PTQ, channel", "QAT", "seconds", ""]);
for (const name of names.split(",")) {
  const task = tasks[name];
  if (!task) throw new Error(`unknown model "${name}"`);
  const model = withScores(loadModel(materials("models", task.file)));
  const splits = task.splits();
  const float = percent(await overSplits(splits, (split) => hits(model, split.test)));
  const cell = (points: number): string => points.toFixed(2);
  for (const bits of schemeNames.split(",") as Scheme[]) {
    const [perTensor, perChannel] = [
      await overSplits(splits, (split) => afterPtq(model, backend, bits, "tensor", split)),
      await overSplits(splits, (split) => afterPtq(model, backend, bits, "channel", split)),
    ].map(percent) as [number, number];
    const measured = [name, bits, ...[float, perTensor, perChannel].map(cell)];
    if (only === "ptq") {
      printRow([
        ...measured,
        "",
        "",
        `PTQ per channel: ${against(float, perChannel)}, per tensor: ${against(float, perTensor)}`,
      ]);
      continue;
    }
    const started = performance.now();
    const settings = { ...recipe(model, task, bits), ...(only === "moving" ? withoutRecipe : {}) };
    const qat = percent(await overSplits(splits, (split) => afterQat(model, backend, bits, split, settings)));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const holds = float - qat <= mostLost[bits] + 1e-9;
    if (!holds) process.exitCode = 1;
    const verdict = `${holds ? "holds" : "MISSED"}: ${against(float, qat)} (bound ${against(mostLost[bits], 0)})`;
    printRow([...measured, cell(qat), seconds, verdict]);
  }
}

/** A result as the float one and what is lost or won against it, in points. */
function against(float: number, result: number): string {
  return `float ${result < float ? "-" : "+"} ${Math.abs(float - result).toFixed(2)}`;
}

/** The recipe of docs/guides/qat.md. */
function recipe(
  model: Model,
  { labelled, epochs, augment }: Task,
  bits: Scheme,
): Omit<QuantizationAwareOptions, "backend" | "data"> {
  const teacher = cloneModel(model);
  runPasses(teacher, defaultPipeline);
  const loss: Loss = distillation(teacher.graph, labelled ? { task: crossEntropy() } : {});
  const common = {
    loss,
    optimizer: adam(),
    schedule: cosineSchedule,
    epochs,
    augment,
    seed: 1,
    freezeBatchNormalization: 0,
  };
  return bits === "W8A8" ? { ...common, learningRate: 1e-5 } : { ...common, learningRate: 1e-4, learnScales: true };
}

/** A model that returns the scores before its Softmax, which losses are defined on; the largest one stays the largest. */
function withScores(model: Model): Model {
  const [result] = model.graph.outputs;
  const softmax = result!.producer;
  if (softmax?.is("Softmax")) new GraphEditor(model.graph).setOutputs([softmax.input]);
  return model;
}

function cifarSplit(form: "normalized" | "raw"): Split {
  return { train: cifar("train", form), test: cifar("test", form) };
}

function keywordSplit(half: 0 | 1): Split {
  const samples = keywords(half);
  return { train: samples, test: keywords(half === 0 ? 1 : 0) };
}

async function overSplits(splits: readonly Split[], measure: (split: Split) => Promise<Hits>): Promise<Hits> {
  let [right, samples] = [0, 0];
  for (const split of splits) {
    const found = await measure(split);
    right += found.right;
    samples += found.samples;
  }
  return { right, samples };
}

function percent({ right, samples }: Hits): number {
  return (100 * right) / samples;
}

function printRow(cells: readonly string[]): void {
  console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(10) : i < 7 ? cell.padStart(13) : `  ${cell}`)).join(""));
}
