import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Tensor } from "@lowbit/ir";
import { mnistFiles } from "./mnist.ts";

/** Samples of one batch, and the class of each. */
export interface LabelledBatch {
  readonly x: Tensor;
  readonly labels: readonly number[];
}

const samplesPerBatch = 64;

/** Which samples: the first so many, or those at the given places in the file. */
export type Samples = number | readonly number[];

/** Batches over samples; `write` fills in one of them and gives its class. */
function batchesOf(
  samples: Samples,
  dims: readonly number[],
  write: (sample: number, into: Float32Array) => number,
  perBatch = samplesPerBatch,
): readonly LabelledBatch[] {
  const size = dims.reduce((a, b) => a * b, 1);
  const count = typeof samples === "number" ? samples : samples.length;
  const place = (at: number): number => (typeof samples === "number" ? at : samples[at]!);
  const batches: LabelledBatch[] = [];
  for (let start = 0; start < count; start += perBatch) {
    const rows = Math.min(perBatch, count - start);
    const floats = new Float32Array(rows * size);
    const labels = Array.from({ length: rows }, (_, row) =>
      write(place(start + row), floats.subarray(row * size, (row + 1) * size)),
    );
    batches.push({ x: Tensor.fromTyped("float", [rows, ...dims], floats), labels });
  }
  return batches;
}

const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];

/** CIFAR-10 images, planar and normalized as ResNet20 wants them, or raw with channels last as ResNet8 does. */
export function cifarBatches(
  folder: string,
  part: "train" | "test",
  samples: Samples,
  form: "normalized" | "raw",
): readonly LabelledBatch[] {
  const file = part === "train" ? "data_batch_1.bin" : "test_0000-4999.bin";
  const bytes = readFileSync(join(folder, "data", "cifar10", file));
  const dims = form === "normalized" ? [3, 32, 32] : [32, 32, 3];
  return batchesOf(samples, dims, (sample, into) => {
    const start = sample * 3073;
    for (let channel = 0; channel < 3; channel++) {
      for (let at = 0; at < 1024; at++) {
        const raw = bytes[start + 1 + channel * 1024 + at]!;
        if (form === "raw") into[at * 3 + channel] = raw;
        else into[channel * 1024 + at] = (raw / 255 - mean[channel]!) / deviation[channel]!;
      }
    }
    return bytes[start]!;
  });
}

/** Keyword samples: 49 frames of 10 coefficients. */
export function keywordBatches(folder: string, samples: Samples): readonly LabelledBatch[] {
  const codes = readFileSync(join(folder, "data", "kws01", "x_000-499.bin"));
  const labels = readFileSync(join(folder, "data", "kws01", "y_000-499.bin"));
  return batchesOf(samples, [49, 10, 1], (sample, into) => {
    for (let at = 0; at < 490; at++) into[at] = (codes.readInt8(sample * 490 + at) - 83) * 0.5847029;
    return labels[sample]!;
  });
}

/** MNIST images with raw pixels, one at a time, as the CNTK model takes them. */
export function digitBatches(part: "train" | "test", samples: Samples): readonly LabelledBatch[] {
  const files = mnistFiles()[part];
  const [images, labels] = [files.images, files.labels].map((path) => {
    const bytes = readFileSync(path);
    return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
  });
  return batchesOf(
    samples,
    [1, 28, 28],
    (sample, into) => {
      into.set(images!.subarray(16 + sample * 784, 16 + (sample + 1) * 784));
      return labels![8 + sample]!;
    },
    1,
  );
}

/**
 * Share of samples whose largest score is that of the right class, in percent.
 *
 * @param scoresOf runs a model on the samples of one batch; the scores of each sample follow one another
 */
export async function accuracyOver(
  batches: readonly LabelledBatch[],
  scoresOf: (x: Tensor) => Promise<Tensor>,
): Promise<number> {
  let [right, total] = [0, 0];
  for (const { x, labels } of batches) {
    const scores = (await scoresOf(x)).floats();
    const classes = scores.length / labels.length;
    for (const [row, label] of labels.entries()) {
      const own = scores.subarray(row * classes, (row + 1) * classes);
      if (own.indexOf(Math.max(...own)) === label) right++;
    }
    total += labels.length;
  }
  return (100 * right) / total;
}
