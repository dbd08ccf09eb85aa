import { mnistFiles } from "@lowbit/test-models";
import { adam, calibrationFeeds, crossEntropy, evaluate, openDataset, quantizeModel } from "lowbit";
import { saveModel, trainModel, trainQuantized, x86 } from "lowbit";
import { perceptron } from "./perceptron.ts";

const model = perceptron();
const { inputs, outputs } = model.graph;
const settings = { targets: "class", output: outputs[0]!.shape, scale: 1 / 255 } as const;
const { train, test } = mnistFiles();
const data = await openDataset(`${train.images},${train.labels}`, inputs, settings);
const held = await openDataset(`${test.images},${test.labels}`, inputs, settings);

const training = { data, loss: crossEntropy(), optimizer: adam(), batch: 64 };
const float = await trainModel(model, { ...training, learningRate: 2e-3 });
const ptq = await quantizeModel(float, { backend: x86(), data: calibrationFeeds(data, inputs) });
const qat = await trainQuantized(float, { ...training, backend: x86(), learningRate: 2e-4 });

for (const [name, trained] of Object.entries({ float, ptq: ptq.model, qat: qat.model })) {
  const file = saveModel(trained, `mnist.${name}.onnx`).model;
  const { value } = await evaluate(file, held);
  console.log(`${file}: ${(100 * value).toFixed(2)} % of 10,000 test images`);
}
