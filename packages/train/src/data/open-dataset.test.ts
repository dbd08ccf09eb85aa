import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mnistFiles } from "@lowbit/test-models";
import { CompileError } from "@lowbit/ir";
import type { Dataset } from "./dataset.ts";
import { openDataset } from "./open-dataset.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-data-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const image = { name: "image", dtype: "float", shape: ["N", 1, 28, 28] } as const;
const labels = { targets: "class", output: ["N", 10] } as const;

function written(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function made(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

/** An IDX file of bytes. */
function idx(dims: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header[2] = 8;
  header[3] = dims.length;
  dims.forEach((dim, axis) => header.writeUInt32BE(dim, 4 + 4 * axis));
  return Buffer.concat([header, bytes]);
}

async function refusal(promise: Promise<Dataset>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CompileError)) throw error;
  return `${error.diagnostic.code}: ${error.diagnostic.message.replaceAll(`${folder}/`, "")}`;
}

test("reads MNIST in the shape of the model's input", async () => {
  const { test: files } = mnistFiles();
  const data = await openDataset(`${files.images},${files.labels}`, [image], { ...labels, scale: 1 / 255 });
  expect([data.size, data.hasTargets]).toEqual([10_000, true]);
  for await (const { inputs, target } of data.batches({ batch: 5, samples: 5 })) {
    const pixels = inputs["image"]!;
    const raw = readFileSync(files.images).subarray(16, 16 + 5 * 784);
    expect(pixels.dims).toEqual([5, 1, 28, 28]);
    expect(pixels.floats()).toEqual(Float32Array.from(raw, (byte) => byte * (1 / 255)));
    expect([...target!.numbers()]).toEqual([7, 2, 1, 0, 4]);
  }
});

test("reads gzipped IDX files, and images without labels", async () => {
  const bytes = Uint8Array.from({ length: 2 * 784 }, (_, i) => i % 256);
  const path = written("images.idx.gz", gzipSync(idx([2, 28, 28], bytes)));
  const data = await openDataset(path, [{ ...image, shape: ["N", 784] }]);
  for await (const { inputs } of data.batches({ batch: 2 }))
    expect(inputs["image"]!.floats()).toEqual(Float32Array.from(bytes));
  expect(data.hasTargets).toBe(false);
});

test("draws shuffled batches that keep samples and labels together", async () => {
  const pixels = Uint8Array.from({ length: 20 }, (_, i) => i);
  const source = `${written("ten.idx", idx([10, 2], pixels))},${written(
    "ten-labels.idx",
    idx(
      [10],
      Uint8Array.from({ length: 10 }, (_, i) => i),
    ),
  )}`;
  const data = await openDataset(source, [{ name: "x", dtype: "float", shape: [null, 2] }], labels);
  const drawn: number[] = [];
  for await (const { inputs, target } of data.batches({ batch: 4, shuffle: 3 })) {
    const firsts = [...inputs["x"]!.numbers()].filter((_, i) => i % 2 === 0);
    expect(firsts).toEqual([...target!.numbers()].map((label) => 2 * label));
    drawn.push(...target!.numbers());
  }
  expect(drawn).not.toEqual(drawn.toSorted((a, b) => a - b));
  expect(drawn.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.each([undefined, 3])("tells where each drawn sample lies in the file (shuffle %s)", async (shuffle) => {
  const source = written(
    "named.idx",
    idx(
      [10, 1],
      Uint8Array.from({ length: 10 }, (_, i) => i),
    ),
  );
  const data = await openDataset(source, [{ name: "x", dtype: "float", shape: [null, 1] }]);
  const order = shuffle === undefined ? {} : { shuffle };
  let drawn = 0;
  for await (const { inputs } of data.batches({ batch: 4, ...order })) {
    for (const row of inputs["x"]!.numbers()) {
      expect(data.sampleName!(drawn++, shuffle)).toBe(`sample ${row} of "${source}" (the first is 0)`);
    }
  }
  expect(drawn).toBe(10);
});

test("asks nothing of the data for inputs that have a value already", async () => {
  const { test: files } = mnistFiles();
  const weight = { name: "weight", dtype: "float", shape: [10], initializer: {} as never } as const;
  const data = await openDataset(files.images, [image, weight]);
  for await (const { inputs } of data.batches({ batch: 1, samples: 1 })) expect(Object.keys(inputs)).toEqual(["image"]);
});

test.each<[string, () => string, string]>([
  ["a missing file", () => join(folder, "none.npz"), 'data/missing-file: there is no file "none.npz"'],
  ["a missing folder", () => join(folder, "nowhere"), 'data/missing-file: there is no file "nowhere"'],
  [
    "a missing labels file",
    () => `${mnistFiles().test.images},${join(folder, "none.idx")}`,
    'data/missing-file: there is no file "none.idx"',
  ],
  ["a missing module", () => join(folder, "none.js"), 'data/missing-file: there is no file "none.js"'],
  [
    "several files in one form",
    () => `${written("a.npz", "")},${join(folder, "none.npz")}`,
    'data/several-sources: "a.npz,none.npz" names 2 sources, and data is read from one; only IDX files come as two: images,labels',
  ],
  [
    "an IDX file and targets in another form",
    () => `${mnistFiles().test.images},${join(folder, "y.npz")}`,
    `data/several-sources: "${mnistFiles().test.images},y.npz" names 2 sources, and data is read from one; only IDX files come as two: images,labels`,
  ],
  [
    "three IDX files",
    () => `${mnistFiles().test.images},${mnistFiles().test.labels},${join(folder, "more.idx")}`,
    `data/several-sources: "${mnistFiles().test.images},${mnistFiles().test.labels},more.idx" names 3 sources, and data is read from one; only IDX files come as two: images,labels`,
  ],
  [
    "several folders",
    () => `${made("first")},${made("second")}`,
    'data/several-sources: "first,second" names 2 sources, and data is read from one; only IDX files come as two: images,labels',
  ],
  [
    "a missing file with a comma in its name",
    () => join(folder, "a, b.npz"),
    'data/missing-file: there is no file "a, b.npz"',
  ],
  [
    "a device",
    () => "/dev/null",
    'data/bad-file: "/dev/null" cannot be used: it is no file but a pipe or a device, and data is read more than once: write it to a file first',
  ],
  [
    "a file in another form",
    () => written("data.csv", "1,2,3"),
    'data/unknown-form: "data.csv" is in no form that data is read from',
  ],
  [
    "a truncated IDX file",
    () => written("cut.idx", idx([2, 784], new Uint8Array(1000))),
    'data/bad-file: "cut.idx" cannot be used: [2,784] uint8 elements take 1568 bytes, it has 1000',
  ],
  [
    "a truncated gzip file",
    () => written("cut.gz", gzipSync(idx([1, 784], new Uint8Array(784))).subarray(0, 20)),
    'data/bad-file: "cut.gz" cannot be used: it is not a whole gzip file (unexpected end of file)',
  ],
  [
    "data without samples",
    () => written("none.idx", idx([0, 28, 28], new Uint8Array())),
    'data/empty: "none.idx" has no samples',
  ],
])("refuses %s", async (_, source, reason) => {
  expect(await refusal(openDataset(source(), [image], labels))).toBe(reason);
});

test("refuses labels outside the classes before anything runs", async () => {
  const source = `${written("two.idx", idx([2, 784], new Uint8Array(1568)))},${written("two-labels.idx", idx([2], Uint8Array.of(3, 12)))}`;
  const reason = `data/label: sample 1 of "${source.replaceAll(`${folder}/`, "")}" has label 12, but the model has 10 classes, 0 to 9`;
  expect(await refusal(openDataset(source, [image], labels))).toBe(reason);
});

test("refuses IDX files for a model of several inputs", async () => {
  const { test: files } = mnistFiles();
  expect(await refusal(openDataset(files.images, [image, { ...image, name: "mask" }]))).toBe(
    "data/several-inputs: IDX files cannot feed a model with 2 inputs (image, mask)",
  );
});
