import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { npyBytes, npzBytes, zipBytes } from "@lowbit/test-models";
import { CompileError, Tensor } from "@lowbit/ir";
import { compressedNpz, storedNpz } from "./numpy-files.testing.ts";
import { openDataset } from "../open-dataset.ts";
import { parseNpy } from "./npy.ts";
import { ZipFile } from "./zip-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-npz-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const input = { name: "image", dtype: "float", shape: ["N", 2] } as const;

function written(bytes: Uint8Array, name = "data.npz"): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof CompileError ? error.diagnostic.message.replaceAll(folder, "") : String(error);
}

test("reads every array that NumPy compressed, whatever its order of axes and bytes", async () => {
  const file = await ZipFile.open(written(compressedNpz));
  const arrays: Record<string, unknown> = {};
  for (const member of file.members.values()) {
    const tensor = parseNpy(await file.read(member), file.path, member.name);
    arrays[member.name] = [tensor.dtype, tensor.dims.join("x"), [...tensor.numbers()].join(" ")];
  }
  await file.close();
  expect(arrays).toEqual({
    "floats.npy": ["float", "2x3", "0 0.25 0.5 0.75 1 1.25"],
    "fortran.npy": ["double", "2x3x2", "0 1 2 3 4 5 6 7 8 9 10 11"],
    "big.npy": ["int32", "3", "1 -2 300000"],
    "halves.npy": ["float16", "3", "0.5 -2 NaN"],
    "flags.npy": ["bool", "2", "1 0"],
    "long.npy": ["int64", "2", `${2 ** 60} -1`],
  });
});

test("gives x to the only input and y as labels", async () => {
  const data = await openDataset(written(storedNpz), [input], { targets: "class", output: ["N", 2] });
  const batches = [];
  for await (const { inputs, target } of data.batches({ batch: 1 })) {
    batches.push([inputs["image"]!.dtype, [...inputs["image"]!.numbers()], [...target!.numbers()]]);
  }
  expect([data.size, batches]).toEqual([
    2,
    [
      ["float", [0, 1], [1]],
      ["float", [2, 3], [0]],
    ],
  ]);
});

test("prefers the array named after the input to x, and needs no y when nobody wants targets", async () => {
  const bytes = npzBytes({ x: Tensor.of("float", [9, 9], [1, 2]), image: Tensor.of("float", [1, 2], [1, 2]) }, true);
  const data = await openDataset(written(bytes), [input]);
  for await (const { inputs } of data.batches({ batch: 4 })) expect([...inputs["image"]!.numbers()]).toEqual([1, 2]);
  expect(data.hasTargets).toBe(false);
});

test("reads an archive of zip64 records", async () => {
  const plain = npzBytes({ x: Tensor.of("float", [1, 2], [1, 2]) });
  const end = plain.length - 22;
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", "latin1");
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(1n, 32);
  record.writeBigUInt64LE(BigInt(plain.readUInt32LE(end + 12)), 40);
  record.writeBigUInt64LE(BigInt(plain.readUInt32LE(end + 16)), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(BigInt(end), 8);
  const full = Buffer.from(plain.subarray(end)).fill(0xff, 8, 20);
  const data = await openDataset(written(Buffer.concat([plain.subarray(0, end), record, locator, full])), [input]);
  expect(data.size).toBe(1);
});

test.each<[string, () => Uint8Array, string]>([
  ["an empty file", () => Buffer.alloc(0), "it is empty"],
  [
    "a file that is no archive",
    () => Buffer.from("not a zip file at all, only text"),
    "it is not a zip file, or it was cut off",
  ],
  ["an archive cut at the end", () => storedNpz.subarray(0, -30), "it is not a zip file, or it was cut off"],
  ["an archive cut at the beginning", () => storedNpz.subarray(100), "its directory of arrays lies outside the file"],
])("refuses %s", async (_, bytes, reason) => {
  expect(await messageOf(openDataset(written(bytes()), [input]))).toBe(`"/data.npz" cannot be used: ${reason}`);
});

test("refuses an array whose bytes changed since it was written", async () => {
  const bytes = Buffer.from(storedNpz);
  const at = bytes.indexOf(Buffer.of(0, 1, 2, 3));
  bytes[at] = 7;
  expect(await messageOf(openDataset(written(bytes), [input]))).toBe(
    '"/data.npz" cannot be used: "x.npy" does not match its checksum',
  );
});

test("unpacks no more than an array announces", async () => {
  const bytes = zipBytes(new Map([["x.npy", new Uint8Array(10_000_000)]]), true);
  for (const [place, at] of [
    ["PK\x03\x04", 22],
    ["PK\x01\x02", 24],
  ] as const) {
    bytes.writeUInt32LE(200, bytes.indexOf(place, 0, "latin1") + at);
  }
  const file = await ZipFile.open(written(bytes));
  expect(await messageOf(file.read(file.members.get("x.npy")!))).toBe(
    '"/data.npz" cannot be used: "x.npy" cannot be unpacked (Cannot create a Buffer larger than 200 bytes)',
  );
  await file.close();
});

test("answers damaged bytes with a diagnostic, never with another error", async () => {
  const sound = npzBytes({ x: Tensor.of("float", [1, 2, 3, 4], [2, 2]), y: Tensor.of("int64", [0, 1]) }, true);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      async (changes) => {
        const bytes = Buffer.from(sound);
        for (const [at, value] of changes) bytes[at] = value;
        const error: unknown = await openDataset(written(bytes, "fuzzed.npz"), [input], {
          targets: "class",
          output: ["N", 2],
        }).then(
          () => null,
          (reason: unknown) => reason,
        );
        expect(error === null || error instanceof CompileError).toBe(true);
      },
    ),
    { seed: 11, numRuns: 400 },
  );
});

test("tells the arrays there are when the input's is missing", async () => {
  const path = written(zipBytes(new Map([["images.npy", npyBytes(Tensor.of("float", [1, 2], [1, 2]))]])));
  expect(await messageOf(openDataset(path, [input]))).toBe(
    '"/data.npz" has no array "image" or "x" for the model\'s input "image"; it holds "images"',
  );
});

test("feeds a model of several inputs by name", async () => {
  const path = written(npzBytes({ a: Tensor.of("float", [1, 2]), b: Tensor.of("int32", [3, 4]) }));
  const data = await openDataset(path, [
    { name: "a", dtype: "float", shape: ["N"] },
    { name: "b", dtype: "int64", shape: ["N"] },
  ]);
  for await (const { inputs } of data.batches({ batch: 2 })) {
    expect([inputs["a"]!.dtype, inputs["b"]!.dtype, [...inputs["b"]!.numbers()]]).toEqual(["float", "int64", [3, 4]]);
  }
});
