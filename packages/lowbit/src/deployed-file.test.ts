import { readFileSync } from "node:fs";
import { loadModel } from "@lowbit/ir";
import { quantizeModel } from "@lowbit/quantize";
import { openDataset } from "@lowbit/train";
import { x86 } from "@lowbit/backend-x86";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { calibrationFeeds } from "./calibration-feeds.ts";
import { modelBytes, saveModel } from "./deployed-file.ts";
import { Workshop } from "./workshop.testing.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(async () => {
  workshop = new Workshop().withMlp();
  await workshop.run("quantize mlp.onnx -o command.onnx --backend x86 --prefer integer --calibrate train.npz");
});
afterAll(() => workshop.close());

test("the API writes the bytes that the command writes, to a file and to memory", async () => {
  const model = loadModel(workshop.path("mlp.onnx"));
  const { inputs } = model.graph;
  const data = calibrationFeeds(await openDataset(workshop.path("train.npz"), inputs), inputs);
  const quantized = await quantizeModel(model, { backend: x86({ prefer: "integer" }), data });
  saveModel(quantized.model, workshop.path("api.onnx"));
  const bytes = readFileSync(workshop.path("command.onnx"));
  expect(readFileSync(workshop.path("api.onnx"))).toEqual(bytes);
  expect(Buffer.from(modelBytes(quantized.model))).toEqual(bytes);
});

test("a deployed file that is loaded and saved again stays the same", () => {
  saveModel(loadModel(workshop.path("command.onnx")), workshop.path("again.onnx"));
  expect(readFileSync(workshop.path("again.onnx"))).toEqual(readFileSync(workshop.path("command.onnx")));
});

test("a float model keeps its names and the types of inner values", () => {
  const path = workshop.path("mlp.onnx");
  saveModel(loadModel(path), workshop.path("float.onnx"));
  expect(readFileSync(workshop.path("float.onnx"))).toEqual(readFileSync(path));
});
