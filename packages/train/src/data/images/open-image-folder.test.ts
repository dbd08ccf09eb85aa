import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CompileError } from "@lowbit/ir";
import { openDataset } from "../open-dataset.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-images-"));
  for (const name of ["dog", "cat", "eel"]) mkdirSync(join(folder, "pets", name), { recursive: true });
  await solid("pets/dog/1.png", 4, 2, [10, 20, 30]);
  await solid("pets/dog/2.png", 4, 2, [11, 21, 31]);
  await solid("pets/cat/a.png", 8, 4, [200, 100, 50]);
  await sharp(Buffer.from(Uint8Array.from({ length: 8 }, (_, i) => 30 * i)), {
    raw: { width: 4, height: 2, channels: 1 },
  })
    .png()
    .toFile(join(folder, "pets/eel/grey.png"));
  writeFileSync(join(folder, "pets/eel/.hidden.png"), "");
  writeFileSync(join(folder, "pets/eel/notes.txt"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function solid(
  path: string,
  width: number,
  height: number,
  [r, g, b]: readonly [number, number, number],
): Promise<void> {
  await sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
    .png()
    .toFile(join(folder, path));
}

const planar = { name: "x", dtype: "float", shape: ["N", 3, 2, 4] } as const;
const options = { targets: "class", output: ["N", 3] } as const;

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CompileError)) throw error;
  return `${error.diagnostic.code}: ${error.diagnostic.message.replaceAll(`${folder}/`, "")}`;
}

test("numbers the classes by sorted folder name and takes them in turns", async () => {
  const data = await openDataset(join(folder, "pets"), [planar], options);
  const seen: number[][] = [];
  for await (const { inputs, target } of data.batches({ batch: 3 })) {
    target!.numbers().forEach((label, i) => seen.push([label, inputs["x"]!.numbers()[i * 24]!]));
  }
  expect([data.size, seen]).toEqual([
    4,
    [
      [0, 200],
      [1, 10],
      [2, 0],
      [1, 11],
    ],
  ]);
});

test("lays colours out as planes for NCHW and as pixels for NHWC", async () => {
  for (const [shape, expected] of [
    [
      ["N", 3, 1, 2],
      [200, 200, 100, 100, 50, 50],
    ],
    [
      ["N", 2, 1, 3],
      [200, 100, 50, 200, 100, 50],
    ],
  ] as const) {
    const data = await openDataset(join(folder, "pets"), [{ ...planar, shape }]);
    for await (const { inputs } of data.batches({ batch: 1, samples: 1 })) {
      expect([inputs["x"]!.dims.slice(1), [...inputs["x"]!.numbers()]]).toEqual([shape.slice(1), expected]);
    }
  }
});

test("keeps the values of a grey image, and spreads them over three channels", async () => {
  const grey = [0, 30, 60, 90, 120, 150, 180, 210];
  for (const [channels, expected] of [
    [1, grey],
    [3, [...grey, ...grey, ...grey]],
  ] as const) {
    const data = await openDataset(join(folder, "pets"), [{ ...planar, shape: ["N", channels, 2, 4] }]);
    const [, , eel] = await all(data.batches({ batch: 1 }));
    expect([...eel!.inputs["x"]!.numbers()]).toEqual(expected);
  }
});

test("draws the same shuffled order for the same seed, from the cache too", async () => {
  const data = await openDataset(join(folder, "pets"), [planar], options);
  const labels = async (): Promise<number[]> =>
    (await all(data.batches({ batch: 4, shuffle: 5 }))).flatMap(({ target }) => [...target!.numbers()]);
  expect(await labels()).toEqual(await labels());
});

test("refuses a file that only looks like an image", async () => {
  mkdirSync(join(folder, "broken", "only"), { recursive: true });
  writeFileSync(join(folder, "broken/only/a.jpg"), "text");
  expect(await refusal(openDataset(join(folder, "broken"), [planar]))).toBe(
    'data/bad-file: "broken/only/a.jpg" cannot be used: it cannot be decoded as an image (Input file contains unsupported image format)',
  );
});

test("refuses more class folders than classes, no folders, and no images", async () => {
  mkdirSync(join(folder, "empty", "only"), { recursive: true });
  const refusals = [
    await refusal(openDataset(join(folder, "pets"), [planar], { ...options, output: ["N", 2] })),
    await refusal(openDataset(join(folder, "pets/dog"), [planar], options)),
    await refusal(openDataset(join(folder, "empty"), [planar], options)),
  ];
  expect(refusals).toEqual([
    'data/label: "pets" has 3 class folders, but the model has 2 classes; "eel" would be class 2',
    'data/bad-file: "pets/dog" cannot be used: it has no sub-folders; it needs one per class, with images inside',
    'data/empty: "empty" has no samples',
  ]);
});

test("refuses inputs that are no images of a known size", async () => {
  expect(await refusal(openDataset(join(folder, "pets"), [{ ...planar, shape: ["N", 3, "H", "W"] }]))).toBe(
    'data/not-an-image-input: images need an input [N,C,H,W] or [N,H,W,C] with 1 or 3 channels and a known size; "x" takes [N,3,H,W]',
  );
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}
