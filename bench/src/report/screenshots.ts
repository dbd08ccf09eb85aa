/**
 * Makes the pictures of the report that the documentation shows, in both themes: ResNet20 with rescaled channels, quantized badly and
 * analyzed, and the same model trained for integers. Needs the model and CIFAR-10 beside the repository, and Chromium.
 *
 * `npm run docs:screenshots`; takes some minutes. Numbers in the pictures are measured anew each time.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { cifarBatches, materialsFolder, rescaleChannels } from "@lowbit/test-models";
import {
  adam,
  analyzeQuantization,
  arrays,
  calibrationFeeds,
  cloneModel,
  cosineSchedule,
  crossEntropy,
  defaultPipeline,
  evaluate,
  loadModel,
  modelReport,
  quantizeModel,
  reportHtml,
  runPasses,
  Tensor,
  TrainingRecord,
  trainQuantized,
  x86,
  type Dataset,
  type Model,
  type ReportData,
} from "lowbit";
import { startChromium } from "./chromium.ts";

const pictures = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url));
const origin = { versions: { lowbit: "0.1.0", Node: process.versions.node }, dataName: "cifar10-test.npz" };
const folder = materialsFolder();
if (folder === null) console.log("skipped: the model is not there (../shared/materials)");
else await make(folder);

function images(materials: string, part: "train" | "test", count: number): Dataset {
  const batches = cifarBatches(materials, part, count, "normalized");
  const pixels = Float32Array.from(batches.flatMap(({ x }) => [...x.floats()]));
  const labels = batches.flatMap((batch) => batch.labels);
  return arrays({ input: Tensor.fromTyped("float", [count, 3, 32, 32], pixels) }, Tensor.of("int64", labels));
}

async function analyzed(model: Model, data: Dataset): Promise<ReportData> {
  const backend = x86();
  const quantized = await quantizeModel(model, {
    backend,
    data: calibrationFeeds(data, model.graph.inputs, { samples: 128 }),
  });
  const analysis = await analyzeQuantization(quantized, { data, metric: "accuracy", samples: 128 });
  return modelReport(
    {
      name: "resnet20-rescaled.onnx",
      kind: "analyze",
      backend: backend.name,
      graph: quantized.plan.graph,
      skipped: quantized.skipped,
      models: { float: { model }, made: { model: quantized.model } },
      analysis,
    },
    {
      ...origin,
      command:
        "lowbit analyze resnet20-rescaled.onnx --backend x86 --data cifar10-test.npz --metric accuracy --report report.html",
      data,
      metric: "accuracy",
      samples: 256,
    },
  );
}

async function trained(model: Model, data: Dataset, validation: Dataset): Promise<ReportData> {
  const backend = x86();
  const record = new TrainingRecord("accuracy");
  const made = await trainQuantized(model, {
    backend,
    data,
    loss: crossEntropy(),
    optimizer: adam(),
    epochs: 6,
    learningRate: 3e-5,
    schedule: cosineSchedule,
    freezeBatchNormalization: 0,
    freezeObservers: 3,
    integerForward: 5,
    validate: async (current) => (await evaluate(current, validation, { metric: "accuracy" })).value,
    onEvent: (event) => record.event(event),
  });
  const analysis = await analyzeQuantization(made, {
    data: validation,
    metric: "accuracy",
    samples: 128,
    ablation: false,
  });
  return modelReport(
    {
      name: "resnet20.onnx",
      kind: "train",
      backend: backend.name,
      graph: made.plan.graph,
      skipped: made.skipped,
      models: { float: { model }, made: { model: made.model } },
      analysis,
      training: record.curves(),
    },
    {
      ...origin,
      command:
        "lowbit train resnet20.onnx --backend x86 --data cifar10-train.npz --validate cifar10-test.npz --report report.html",
      data: validation,
      metric: "accuracy",
    },
  );
}

async function photograph(
  browser: Browser,
  file: string,
  name: string,
  colorScheme: "light" | "dark",
  show: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1240, height: 800 } });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  await show(page);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await page.screenshot({ path: join(pictures, `report-${name}.png`) });
  await context.close();
}

async function make(materials: string): Promise<void> {
  const original = loadModel(join(materials, "models", "cifar10", "resnet20-cifar10.bn.op17.onnx"));
  const validation = images(materials, "test", 500);
  const rescaled = cloneModel(original);
  runPasses(rescaled, defaultPipeline);
  rescaleChannels(rescaled.graph, 1);
  const made = mkdtempSync(join(tmpdir(), "lowbit-screenshots-"));
  const browser = await startChromium();
  try {
    const [analysis, training] = [join(made, "analysis.html"), join(made, "training.html")];
    writeFileSync(analysis, reportHtml(await analyzed(rescaled, validation)));
    writeFileSync(training, reportHtml(await trained(original, images(materials, "train", 1000), validation)));
    const tab = (page: Page, name: string): Promise<void> => page.getByRole("tab", { name }).click();
    await photograph(browser, analysis, "summary-light", "light", async () => {});
    await photograph(browser, analysis, "graph-light", "light", async (page) => {
      await tab(page, "Graph");
      await page.getByRole("searchbox").fill("layer1.1/conv2");
      await page.getByRole("searchbox").press("Enter");
      await page.getByRole("searchbox").fill("");
    });
    await photograph(browser, analysis, "layers-light", "light", (page) => tab(page, "Layers"));
    await photograph(browser, analysis, "values-dark", "dark", async (page) => {
      await tab(page, "Values");
      const value = page.getByRole("combobox", { name: "value" });
      await value.selectOption({ label: "/layer1/layer1.1/Relu_output_0" });
    });
    await photograph(browser, training, "training-dark", "dark", (page) => tab(page, "Training"));
    await photograph(browser, analysis, "graph-dark", "dark", async (page) => {
      await tab(page, "Graph");
      await page.getByRole("combobox", { name: "colour by" }).selectOption("time");
      await page.getByRole("button", { name: "Whole graph" }).click();
    });
  } finally {
    await browser.close();
    rmSync(made, { recursive: true });
  }
}
