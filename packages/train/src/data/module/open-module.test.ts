import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CompileError } from "@lowbit/ir";
import type { Dataset } from "../dataset.ts";
import { openDataset } from "../open-dataset.ts";

let folder: string;
let written = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-module-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const input = { name: "image", dtype: "float", shape: ["N", 2] } as const;
const labels = { targets: "class", output: ["N", 3] } as const;

function module(text: string, extension = "mjs"): string {
  const path = join(folder, `data${written++}.${extension}`);
  writeFileSync(path, text);
  return path;
}

/** Values of all batches: inputs, then targets. */
async function drawn(data: Dataset, batch: number, samples?: number): Promise<number[][][]> {
  const batches: number[][][] = [];
  for await (const { inputs, target } of data.batches({ batch, ...(samples ? { samples } : {}) })) {
    batches.push([...Object.values(inputs), ...(target ? [target] : [])].map((tensor) => [...tensor.numbers()]));
  }
  return batches;
}

async function refusal(act: () => Promise<unknown>): Promise<string> {
  const error: unknown = await act().then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CompileError)) throw error;
  return `${error.diagnostic.code}: ${error.diagnostic.message.replaceAll(/"[^"]*data\d+/g, '"data')}`;
}

test("reads a function's batches in the sizes that are asked for", async () => {
  const data = await openDataset(
    module(`
      export const size = 5;
      export default async function* () {
        yield { x: Float32Array.of(0, 1, 2, 3, 4, 5), y: [0, 1, 2] };
        yield { x: Float32Array.of(6, 7, 8, 9), y: [1, 2] };
      }`),
    [input],
    labels,
  );
  expect(data.size).toBe(5);
  expect(await drawn(data, 2)).toEqual([
    [
      [0, 1, 2, 3],
      [0, 1],
    ],
    [
      [4, 5, 6, 7],
      [2, 1],
    ],
    [[8, 9], [2]],
  ]);
  expect(await drawn(data, 4, 4)).toEqual([
    [
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 1],
    ],
  ]);
});

test.each([
  ["a list exported as batches", `export const batches = [{ x: Float64Array.of(1, 2) }];`],
  ["a tensor with dims", `export default [{ x: { data: Uint8Array.of(1, 2), dims: [1, 2] } }];`],
  [
    "a tensor as ONNX Runtime makes them",
    `export default [{ x: { data: Float32Array.of(1, 2), dims: [1, 2], type: "float32" } }];`,
  ],
  ["an array named after the input", `export default [{ image: [1, 2], other: "ignored" }];`],
  ["a promise of an iterable", `export default async () => [{ x: [1, 2] }];`],
  ["a generator that runs once", `export default (async function* () { yield { x: [1, 2] }; })();`],
])("takes %s", async (_, text) => {
  expect(await drawn(await openDataset(module(text), [input]), 1)).toEqual([[[1, 2]]]);
});

test("copies what a module gives, so that it may fill the same memory again", async () => {
  const text = `const x = new Float32Array(2);
    export default function* () { for (let i = 0; i < 3; i++) { x.fill(i); yield { x }; } }`;
  expect(await drawn(await openDataset(module(text), [input]), 3)).toEqual([[[0, 0, 1, 1, 2, 2]]]);
});

test("tells the function the batch size, the seed and the number of samples", async () => {
  const text = `export default (options) => [{ x: [options.batch, options.shuffle ?? -1] }];`;
  const data = await openDataset(module(text), [input]);
  for await (const { inputs } of data.batches({ batch: 7, shuffle: 3 }))
    expect([...inputs["image"]!.numbers()]).toEqual([7, 3]);
});

test("closes the module's iterator when its reader stops", async () => {
  const text = `export let closed = 0;
    export default function* () { try { for (;;) yield { x: [1, 2] }; } finally { globalThis.closedIterators = (globalThis.closedIterators ?? 0) + 1; } }`;
  const data = await openDataset(module(text), [input]);
  await drawn(data, 2, 4);
  expect((globalThis as unknown as { closedIterators: number }).closedIterators).toBe(2);
});

test.each([
  [
    "nothing usable",
    `export const data = 1;`,
    'data/module: data module "data.mjs": it exports no iterable of batches and no function that returns one, as default or as `batches`',
  ],
  [
    "a throw while loading",
    `throw new Error("no disk");`,
    'data/module: data module "data.mjs": it cannot be loaded: no disk',
  ],
  [
    "a function that throws",
    `export default () => { throw new Error("no key"); };`,
    'data/module: data module "data.mjs": its function threw: no key',
  ],
  [
    "a function that returns a number",
    `export default () => 1;`,
    'data/module: data module "data.mjs": its function returned no iterable of batches',
  ],
  [
    "a generator that throws",
    `export default function* () { throw new Error("line 3"); }`,
    'data/module: data module "data.mjs": it threw while giving batches: line 3',
  ],
  ["no batches", `export default [];`, 'data/empty: "data.mjs" has no samples'],
  [
    "a batch that is no object",
    `export default [1];`,
    'data/module: data module "data.mjs": a batch is a number, not an object',
  ],
  [
    "a batch without the input",
    `export default [{ images: [1, 2] }];`,
    'data/missing-array: "data.mjs" has no array "image" or "x" for the model\'s input "image"; it holds "images"',
  ],
  [
    "a flat array that is no whole sample",
    `export default [{ x: [1, 2, 3] }];`,
    'data/module: data module "data.mjs": "x" has 3 elements, which are not whole samples of 2',
  ],
  [
    "text as an array",
    `export default [{ x: "ab" }];`,
    'data/module: data module "data.mjs": "x" is neither a typed array nor an object with data and dims',
  ],
  [
    "data that its dims do not describe",
    `export default [{ x: { data: new Float32Array(3), dims: [1, 2] } }];`,
    'data/module: data module "data.mjs": "x" has 3 elements, and its dims [1,2] ask for 2',
  ],
  [
    "another dtype than the data's",
    `export default [{ x: { data: new Float32Array(2), dims: [1, 2], dtype: "int64" } }];`,
    'data/module: data module "data.mjs": "x" is a Float32Array of int64',
  ],
  [
    "an unknown dtype",
    `export default [{ x: { data: new Float32Array(2), dims: [1, 2], dtype: "f32" } }];`,
    'data/module: data module "data.mjs": "x" has elements of type "f32"',
  ],
  [
    "a label outside the classes in a later batch",
    `export default [{ x: [1, 2, 3, 4], y: [0, 1] }, { x: [5, 6], y: [3] }];`,
    'data/label: sample 2 of "data.mjs" has label 3, but the model has 3 classes, 0 to 2',
  ],
  [
    "targets of another count",
    `export default [{ x: [1, 2, 3, 4], y: [0, 1, 2] }];`,
    'data/count: "data.mjs" has 2 samples, but `y` has 3',
  ],
  [
    "targets that stop",
    `export default [{ x: [1, 2], y: [0] }, { x: [1, 2] }];`,
    "data/no-targets: the data has no targets",
  ],
])("refuses %s", async (_, text, reason) => {
  const read = async (): Promise<unknown> => drawn(await openDataset(module(text), [input], labels), 1);
  expect(await refusal(read)).toBe(reason);
});

test("says what to do when a generator is read twice", async () => {
  const data = await openDataset(module(`export default (function* () { yield { x: [1, 2] }; })();`), [input]);
  await drawn(data, 1);
  expect(await refusal(() => drawn(data, 1))).toBe(
    'data/module: data module "data.mjs": it exports an iterable that can be read once only; export a function that returns a new one for each pass',
  );
});
