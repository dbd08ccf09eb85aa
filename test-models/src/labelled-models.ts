import { cifarBatches, digitBatches, keywordBatches, type LabelledBatch, type Samples } from "./labelled-batches.ts";

/** A real model of the materials with data whose classes are known. */
export interface LabelledModel {
  /** Below the folder of the materials. */
  readonly file: string;
  /** Points of accuracy that quantization to 8 bits may cost. */
  readonly loss: number;
  /** How many samples there are to calibrate or train with, and to test with. */
  readonly available: { readonly train: number; readonly test: number };
  train(folder: string, samples: Samples): readonly LabelledBatch[];
  test(folder: string, samples: Samples): readonly LabelledBatch[];
}

/** The classifiers of the materials that accuracy is promised for. Keyword spotting has one set of samples for both uses. */
export const labelledModels = {
  ResNet20: {
    file: "models/cifar10/resnet20-cifar10.fused.op13.onnx",
    loss: 0.3,
    available: { train: 10_000, test: 5000 },
    train: (folder, samples) => cifarBatches(folder, "train", samples, "normalized"),
    test: (folder, samples) => cifarBatches(folder, "test", samples, "normalized"),
  },
  "ResNet8 of MLPerf Tiny": {
    file: "models/mlperf-tiny/resnet8_cifar10.bn.op17.onnx",
    loss: 0.4,
    available: { train: 10_000, test: 5000 },
    train: (folder, samples) => cifarBatches(folder, "train", samples, "raw"),
    test: (folder, samples) => cifarBatches(folder, "test", samples, "raw"),
  },
  "keyword spotting of MLPerf Tiny": {
    file: "models/mlperf-tiny/kws_dscnn.bn.op17.onnx",
    loss: 0.6,
    available: { train: 500, test: 500 },
    train: keywordBatches,
    test: keywordBatches,
  },
  "MNIST of CNTK": {
    file: "models/mnist/mnist-ort-examples.onnx",
    loss: 0.1,
    available: { train: 60_000, test: 10_000 },
    train: (_, samples) => digitBatches("train", samples),
    test: (_, samples) => digitBatches("test", samples),
  },
} as const satisfies Readonly<Record<string, LabelledModel>>;
