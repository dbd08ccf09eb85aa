import { Layers, mnistFiles } from "@lowbit/test-models";
import {
  adam,
  calibrationFeeds,
  cloneModel,
  cosineSchedule,
  crossEntropy,
  defaultPipeline,
  distillation,
} from "lowbit";
import { evaluate, openDataset, planToJson, quantizeModel, randomStream, runPasses, saveModel } from "lowbit";
import { trainModel, trainQuantized, withWeightScheme, x86, type QuantPlan } from "lowbit";

const layers = new Layers("cnn", [1, 28, 28], randomStream(1));
const first = layers.relu(layers.conv(layers.input, "first", 1, 16, { stride: 2 }));
const second = layers.relu(layers.conv(first, "second", 16, 16, { stride: 2 }));
const flat = layers.editor.op.Flatten([second], { axis: 1 });
const model = layers.model(layers.linear(flat, "scores", 784, 10));
const { inputs } = model.graph;
const { train, test } = mnistFiles();
const settings = { targets: "class", scale: 1 / 255 } as const;
const labelled = await openDataset(`${train.images},${train.labels}`, inputs, settings);
const held = await openDataset(`${test.images},${test.labels}`, inputs, settings);
const float = await trainModel(model, { data: labelled, batch: 64, loss: crossEntropy(), optimizer: adam() });
saveModel(float, "float.onnx");

// Weights of 4 bits, one scale for each whole matrix: what post-training quantization is not good at.
// Wherever there is a kernel: this model is so small that by speed alone it could stay float.
const backend = x86({ prefer: "integer" });
const fourBits = (plan: QuantPlan): QuantPlan => withWeightScheme(plan, { dtype: "int4", granularity: "tensor" });
const { plan } = await quantizeModel(float, { backend, data: calibrationFeeds(labelled, inputs) });
const ptq = await quantizeModel(float, {
  backend,
  data: calibrationFeeds(labelled, inputs),
  plan: planToJson(fourBits(plan)),
});

// The images alone, without their labels: the float model says what to answer.
const images = await openDataset(train.images, inputs, { scale: 1 / 255 });
const teacher = cloneModel(float);
runPasses(teacher, defaultPipeline);
const qat = await trainQuantized(float, {
  backend,
  data: images,
  samples: 20_000,
  editPlan: fourBits,
  loss: distillation(teacher.graph),
  optimizer: adam(),
  learningRate: 1e-3,
  schedule: cosineSchedule,
  learnScales: true,
});

for (const [name, made] of Object.entries({ float, ptq: ptq.model, qat: qat.model })) {
  const { value } = await evaluate(made, held);
  console.log(`${name}: ${(100 * value).toFixed(2)} % of 10,000 test images`);
}
