import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modelBytes, Tensor, type DType, type Model } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";

/** A model to run on some machine, and what to feed it. */
export interface Run {
  readonly model: Model;
  readonly feeds: readonly Feeds[];
}

interface StoredTensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly at: number;
  readonly length: number;
}

type StoredTensors = Readonly<Record<string, StoredTensor>>;

/** Collects the bytes of tensors into one file. */
class TensorWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  add(tensors: Feeds): StoredTensors {
    return Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => {
        const bytes = tensor.bytes();
        const stored = { dtype: tensor.dtype, dims: tensor.dims, at: this.#length, length: bytes.length };
        // Every tensor begins at a multiple of 8, so that it can be viewed in place.
        this.#parts.push(bytes, new Uint8Array((8 - (bytes.length % 8)) % 8));
        this.#length += Math.ceil(bytes.length / 8) * 8;
        return [name, stored];
      }),
    );
  }

  save(path: string): void {
    writeFileSync(path, Buffer.concat(this.#parts));
  }
}

function readTensors(bytes: Uint8Array, stored: StoredTensors): Feeds {
  return Object.fromEntries(
    Object.entries(stored).map(([name, { dtype, dims, at, length }]) => [
      name,
      Tensor.fromBytes(dtype, dims, bytes.subarray(at, at + length)),
    ]),
  );
}

/** Writes runs into a folder, which a machine that shares no memory with this process can read. */
export function writeJob(folder: string, runs: readonly Run[]): void {
  mkdirSync(folder, { recursive: true });
  const writer = new TensorWriter();
  const index = runs.map(({ model, feeds }, i) => {
    writeFileSync(join(folder, `${i}.onnx`), modelBytes(model));
    return feeds.map((each) => writer.add(each));
  });
  writer.save(join(folder, "feeds.bin"));
  writeFileSync(join(folder, "feeds.json"), JSON.stringify(index));
}

/** The runs of a job as paths of model files and what to feed them. */
export function readJob(folder: string): readonly { readonly path: string; readonly feeds: readonly Feeds[] }[] {
  const index = JSON.parse(readFileSync(join(folder, "feeds.json"), "utf8")) as StoredTensors[][];
  const bytes = readFileSync(join(folder, "feeds.bin"));
  return index.map((feeds, i) => ({
    path: join(folder, `${i}.onnx`),
    feeds: feeds.map((each) => readTensors(bytes, each)),
  }));
}

/** Writes what each run gave for each of its feeds. */
export function writeResults(folder: string, name: string, results: readonly (readonly Feeds[])[]): void {
  const writer = new TensorWriter();
  const index = results.map((each) => each.map((outputs) => writer.add(outputs)));
  writer.save(join(folder, `${name}.bin`));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(index));
}

/** What each run gave for each of its feeds. */
export function readResults(folder: string, name: string): readonly (readonly Feeds[])[] {
  const index = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as StoredTensors[][];
  const bytes = readFileSync(join(folder, `${name}.bin`));
  return index.map((each) => each.map((stored) => readTensors(bytes, stored)));
}
