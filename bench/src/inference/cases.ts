import { join } from "node:path";
import { seeded, type Tensor } from "@lowbit/ir";
import { cifarBatches, digitBatches, keywordBatches, type LabelledBatch } from "@lowbit/test-models";

/** A real model of the materials, and the data it is calibrated with. */
export interface Case {
  readonly name: string;
  readonly file: string;
  /** Batches that are measured; one where the model fixes it. */
  readonly batches: readonly number[];
  /** Calibration data: a few batches of the model's only input. */
  calibration(): readonly Tensor[];
  /** Labelled samples for accuracy; absent where the weights are random or no data is at hand. */
  readonly test?: () => readonly LabelledBatch[];
  /** How many times faster than float it must be at batch 64. */
  readonly bound?: number;
}

const minizoo = [
  ["resnet", "resnet_s", [3, 64, 64], 1.1],
  ["mobilenet_v2", "mobilenet_v2_w025", [3, 64, 64], 1.6],
  ["squeezenet", "squeezenet1_1", [3, 64, 64], 1.2],
  ["efficientnet", "efficientnet_b0_w025", [3, 64, 64], 1.35],
  ["densenet", "densenet_g8", [3, 64, 64], 1.2],
  ["vgg_bn", "vgg_bn_s", [3, 64, 64], 1.6],
  ["vit", "vit_s", [3, 32, 32]],
  ["lstm", "lstm", [20, 16]],
  ["unet", "unet_s", [3, 64, 64]],
] as const;

/** The models of a materials folder that have one input of a known size. */
export function casesOf(folder: string): readonly Case[] {
  const at = (...path: string[]): string => join(folder, "models", ...path);
  const inputs = (batches: readonly LabelledBatch[]): Tensor[] => batches.map(({ x }) => x);
  const small = minizoo.map(([name, file, dims, bound]): Case => ({
    ...noise(name, at("minizoo", `${file}.fused.op13.dyn.onnx`), dims),
    ...(bound === undefined ? {} : { bound }),
  }));
  return [
    {
      name: "ResNet20",
      file: at("cifar10", "resnet20-cifar10.fused.op13.onnx"),
      batches: [1, 64],
      bound: 2,
      calibration: () => inputs(cifarBatches(folder, "train", 512, "normalized")),
      test: () => cifarBatches(folder, "test", 5000, "normalized"),
    },
    {
      name: "ResNet8",
      file: at("mlperf-tiny", "resnet8_cifar10.bn.op17.onnx"),
      batches: [1, 64],
      bound: 1.45,
      calibration: () => inputs(cifarBatches(folder, "train", 512, "raw")),
      test: () => cifarBatches(folder, "test", 5000, "raw"),
    },
    {
      name: "kws",
      file: at("mlperf-tiny", "kws_dscnn.bn.op17.onnx"),
      batches: [1, 64],
      bound: 1.25,
      calibration: () => inputs(keywordBatches(folder, 256)),
      test: () => keywordBatches(folder, 500),
    },
    ...small,
    {
      name: "MNIST (CNTK)",
      file: at("mnist", "mnist-ort-examples.onnx"),
      batches: [1],
      calibration: () => inputs(digitBatches("train", 256)),
    },
    noise("autoencoder", at("mlperf-tiny", "ad01_autoencoder.op17.onnx"), [640]),
    noise("yamnet", at("audio", "yamnet_256_64x96_tl.onnx"), [1, 64, 96]),
    noise("wake word", at("audio", "oww_embedding_model.onnx"), [76, 32, 1]),
    { ...noise("UltraFace", at("detect", "version-RFB-320.onnx"), [3, 240, 320], 1), batches: [1] },
  ];
}

/** A model that is calibrated with normally distributed noise. */
function noise(name: string, file: string, dims: readonly number[], batch = 32): Case {
  const calibration = (): Tensor[] => [0, 1].map((i) => seeded(`${name}${i}`, "float", [batch, ...dims]));
  return { name, file, batches: [1, 64], calibration };
}
