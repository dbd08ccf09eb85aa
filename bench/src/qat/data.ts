import { readFileSync } from "node:fs";
import { join } from "node:path";
import { materialsFolder } from "@lowbit/test-models";
import { arrays, Tensor, type Dataset } from "lowbit";

const folder = materialsFolder();

/** The folder of real models and data; ends the benchmark where it is absent. */
export function materials(...path: readonly string[]): string {
  if (folder === null) {
    console.log("skipped: bench:qat needs the models and data in ../shared/materials");
    process.exit(0);
  }
  return join(folder, ...path);
}

const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];

/** Planar and normalized, as ResNet20 takes images, or raw with channels last, as ResNet8 does. */
export type CifarForm = "normalized" | "raw";

/** A black pixel, by channel. Normalizations of ResNet20 know it: it was trained on images cropped out of black frames. */
export function blackOf(form: CifarForm): readonly number[] {
  return form === "raw" ? [0] : mean.map((center, channel) => -center / deviation[channel]!);
}

/** The stored CIFAR-10 images. */
export function cifar(part: "train" | "test", form: CifarForm): Dataset {
  const file = part === "train" ? "data_batch_1.bin" : "test_0000-4999.bin";
  const bytes = readFileSync(materials("data", "cifar10", file));
  const count = bytes.length / 3073;
  const images = new Float32Array(count * 3072);
  const labels = new BigInt64Array(count);
  for (let n = 0; n < count; n++) {
    labels[n] = BigInt(bytes[n * 3073]!);
    for (let channel = 0; channel < 3; channel++) {
      for (let at = 0; at < 1024; at++) {
        const raw = bytes[n * 3073 + 1 + channel * 1024 + at]!;
        if (form === "raw") images[n * 3072 + at * 3 + channel] = raw;
        else images[n * 3072 + channel * 1024 + at] = (raw / 255 - mean[channel]!) / deviation[channel]!;
      }
    }
  }
  const dims = form === "normalized" ? [count, 3, 32, 32] : [count, 32, 32, 3];
  return arrays({ input: Tensor.fromTyped("float", dims, images) }, Tensor.fromTyped("int64", [count], labels));
}

/** Half of the 500 keyword samples: every other one, so that both halves hold all words. */
export function keywords(half: 0 | 1): Dataset {
  const codes = readFileSync(materials("data", "kws01", "x_000-499.bin"));
  const words = readFileSync(materials("data", "kws01", "y_000-499.bin"));
  const count = words.length / 2;
  const samples = new Float32Array(count * 490);
  const labels = new BigInt64Array(count);
  for (let n = 0; n < count; n++) {
    const from = 2 * n + half;
    labels[n] = BigInt(words[from]!);
    for (let at = 0; at < 490; at++) samples[n * 490 + at] = (codes.readInt8(from * 490 + at) - 83) * 0.5847029;
  }
  return arrays(
    { input: Tensor.fromTyped("float", [count, 49, 10, 1], samples) },
    Tensor.fromTyped("int64", [count], labels),
  );
}
