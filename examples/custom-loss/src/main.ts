import { Layers, mnistFiles } from "@lowbit/test-models";
import { adam, evaluate, openDataset, randomStream, trainModel } from "lowbit";
import { focalLoss } from "./focal-loss.ts";

const layers = new Layers("mlp", [784], randomStream(1));
const hidden = layers.relu(layers.linear(layers.input, "hidden", 784, 32));
const model = layers.model(layers.linear(hidden, "scores", 32, 10));

const { train, test } = mnistFiles();
const settings = { targets: "class", scale: 1 / 255 } as const;
const data = await openDataset(`${train.images},${train.labels}`, model.graph.inputs, settings);
const held = await openDataset(`${test.images},${test.labels}`, model.graph.inputs, settings);

const trained = await trainModel(model, { data, samples: 20_000, batch: 32, loss: focalLoss(), optimizer: adam() });
const { value } = await evaluate(trained, held);
console.log(`${(100 * value).toFixed(2)} % of 10,000 test images`);
