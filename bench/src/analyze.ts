/**
 * What an analysis costs: ResNet20, 500 CIFAR-10 images, error of every layer and sensitivity in both directions, as a multiple of
 * one evaluation of the float model on the same images, measured between two of those.
 *
 * `npm run bench:analyze [-- images]`. Exits with 1 above 60 times.
 */
import { join } from "node:path";
import { x86 } from "@lowbit/backend-x86";
import { loadModel, Tensor } from "@lowbit/ir";
import { quantizeModel } from "@lowbit/quantize";
import { cifarBatches, materialsFolder } from "@lowbit/test-models";
import { arrays, evaluate } from "@lowbit/train";
import { analyzeQuantization, calibrationFeeds } from "lowbit";
import { timedAsync } from "./timed.ts";

const most = 60;
const threads = 2;
const images = Number(process.argv[2] ?? 500);
const folder = materialsFolder();
if (folder === null) console.log("skipped: the model is not there (../shared/materials)");
else await measure(folder);

async function measure(materials: string): Promise<void> {
  const model = loadModel(join(materials, "models", "cifar10", "resnet20-cifar10.bn.op17.onnx"));
  const batches = cifarBatches(materials, "test", images, "normalized");
  const pixels = Float32Array.from(batches.flatMap(({ x }) => [...x.floats()]));
  const labels = Tensor.of(
    "int64",
    batches.flatMap((batch) => batch.labels),
  );
  const x = Tensor.fromTyped("float", [images, 3, 32, 32], pixels);
  const data = arrays({ [model.graph.inputs[0]!.name]: x }, labels);
  const quantized = await quantizeModel(model, {
    backend: x86(),
    data: calibrationFeeds(data, model.graph.inputs, { samples: 128 }),
    threads,
  });
  const float = (): Promise<unknown> => evaluate(quantized.optimized, data, { batch: 32, threads });
  await float();
  const seconds: number[] = [];
  for (let i = 0; i < 3; i++) seconds.push((await timedAsync(float))[0]);
  const [spent, analysis] = await timedAsync(() =>
    analyzeQuantization(quantized, { data, metric: "accuracy", samples: images, batch: 32, threads }),
  );
  for (let i = 0; i < 3; i++) seconds.push((await timedAsync(float))[0]);
  const evaluation = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)]!;
  const ratio = spent / evaluation;
  console.log(
    `one float evaluation of ${analysis.samples} images: ${evaluation.toFixed(2)} s (median of ${seconds.length})`,
  );
  console.log(
    `analysis of ${analysis.layers.length} layers, each quantized alone and left float: ${spent.toFixed(1)} s`,
  );
  console.log(`${ratio.toFixed(1)} times one evaluation; the bound is ${most}`);
  console.log(`accuracy ${analysis.float.metric} float, ${analysis.quantized.metric} quantized`);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`most memory in use: ${peak} MB`);
  if (!(ratio <= most)) process.exitCode = 1;
}
