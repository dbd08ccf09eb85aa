/**
 * The demo: three models on the real MNIST, each trained in float, quantized after training, and fine-tuned with the
 * quantization in place. Every number is measured on the saved files, by reading them back.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mnistFiles } from "@lowbit/test-models";
import { openDataset, type Dataset, type Model } from "lowbit";
import { measure } from "./measure.ts";
import { cnn, mlp, residualCnn } from "./models.ts";
import { say } from "./progress.ts";
import { makeForms, type Recipe } from "./recipe.ts";
import { summaryTable, type Summary } from "./summary.ts";

const folder = "demo-output";

const models: readonly { readonly name: string; readonly model: Model; readonly recipe: Recipe }[] = [
  {
    name: "mlp",
    model: mlp(),
    recipe: { batch: 10, float: { samples: 60_000, learningRate: 1e-3 }, qat: { samples: 60_000, learningRate: 2e-4 } },
  },
  {
    name: "cnn",
    model: cnn(),
    recipe: { batch: 32, float: { samples: 60_000, learningRate: 1e-3 }, qat: { samples: 20_000, learningRate: 2e-4 } },
  },
  {
    name: "residual-cnn",
    model: residualCnn(),
    recipe: { batch: 32, float: { samples: 60_000, learningRate: 2e-3 }, qat: { samples: 20_000, learningRate: 2e-4 } },
  },
];

async function mnist(model: Model, part: "train" | "test"): Promise<Dataset> {
  const { images, labels } = mnistFiles()[part];
  return openDataset(`${images},${labels}`, model.graph.inputs, { scale: 1 / 255, targets: "class" });
}

const started = performance.now();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const summaries: Summary[] = [];
for (const { name, model, recipe } of models) {
  say(`${name}`);
  const train = await mnist(model, "train");
  const stepsPerSecond = await makeForms(join(folder, name), model, train, recipe);
  const files = ["float", "ptq", "qat"].map((form) => join(folder, `${name}.${form}.onnx`));
  const [float, ptq, qat] = await measure(files, await mnist(model, "test"));
  summaries.push({ model: name, stepsPerSecond, float: float!, ptq: ptq!, qat: qat! });
}
writeFileSync(join(folder, "summary.json"), `${JSON.stringify(summaries, null, 2)}\n`);
console.log(`\n${summaryTable(summaries)}\n`);
console.log(`latency on one thread; models, ONNX text of each stage and summary.json are in ${folder}/`);
say(`done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
