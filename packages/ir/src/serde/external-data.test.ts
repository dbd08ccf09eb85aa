import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, DataLocation, DataType, decodeModel, encodeModel, type TensorProto } from "@lowbit/onnx-proto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { GraphEditor } from "../edit/graph-editor.ts";
import { equalModels } from "../graph/equal.ts";
import { Tensor } from "../tensor.ts";
import { modelBytes } from "./export-model.ts";
import { importModel } from "./import-model.ts";
import { floatBytes, proto } from "./messages.testing.ts";
import { loadModel } from "./model-file.ts";
import { saveModel } from "./save-model.ts";

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lowbit-ir-"));
  folder = join(root, "model");
  mkdirSync(folder);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A tensor of two floats in a data file. */
function outside(name: string, entries: Readonly<Record<string, string>>): TensorProto {
  return proto.tensor(name, [2], {
    data_location: DataLocation.EXTERNAL,
    external_data: Object.entries(entries).map(([key, value]) => proto.entry(key, value)),
  });
}

function writeModel(...initializer: readonly TensorProto[]): string {
  const path = join(folder, "m.onnx");
  writeFileSync(path, encodeModel(proto.model({ initializer })));
  return path;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return error.diagnostic.code;
  }
  return "accepted";
}

function numbers(model: ReturnType<typeof loadModel>, name: string): readonly number[] {
  return [...model.graph.value(name)!.initializer!.numbers()];
}

test("data is read from where the model says, only when it is asked for", () => {
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data", "w.bin"), floatBytes(0, 1, 2, 3, 4));
  const model = loadModel(
    writeModel(
      outside("a", { location: "data/w.bin", offset: "4", length: "8" }),
      outside("b", { location: "data/w.bin", offset: "12" }),
    ),
  );
  expect(numbers(model, "a")).toEqual([1, 2]);
  expect(numbers(model, "b")).toEqual([3, 4]);
  expect(model.graph.value("a")!.initializer!.source.external).toMatchObject({ offset: 4 });
});

test.each<readonly [string, string]>([
  ["../secret.bin", "external/location"],
  ["data/../../secret.bin", "external/location"],
  ["..\\secret.bin", "external/location"],
  ["/etc/passwd", "external/location"],
  ["C:\\secret.bin", "external/location"],
  ["\\\\server\\share", "external/location"],
  ["", "external/location"],
  ["w\0.bin", "external/location"],
  [".", "external/location"],
  ["data", "external/location"],
  ["absent.bin", "external/missing"],
  ["link.bin", "external/location"],
  ["linked/secret.bin", "external/location"],
])("a location of %j is refused", (location, code) => {
  writeFileSync(join(root, "secret.bin"), floatBytes(1, 2));
  mkdirSync(join(folder, "data"));
  symlinkSync(join(root, "secret.bin"), join(folder, "link.bin"));
  symlinkSync(root, join(folder, "linked"));
  expect(codeOf(() => loadModel(writeModel(outside("w", { location }))))).toBe(code);
});

test("a link that stays inside the folder is followed", () => {
  writeFileSync(join(folder, "w.bin"), floatBytes(1, 2));
  symlinkSync("w.bin", join(folder, "link.bin"));
  expect(numbers(loadModel(writeModel(outside("w", { location: "link.bin" }))), "w")).toEqual([1, 2]);
});

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  ["past the end", { offset: "4" }, "external/short"],
  ["of another length than the tensor", { length: "4" }, "tensor/length"],
  ["at no number", { offset: "four" }, "external/location"],
  ["at a negative offset", { offset: "-8" }, "external/location"],
  ["beyond all numbers", { offset: "99999999999999999999" }, "external/location"],
])("data %s is refused", (_, entries, code) => {
  writeFileSync(join(folder, "w.bin"), floatBytes(1, 2));
  expect(codeOf(() => loadModel(writeModel(outside("w", { location: "w.bin", ...entries }))))).toBe(code);
});

test("a huge declared tensor is refused before any memory is taken", () => {
  writeFileSync(join(folder, "w.bin"), floatBytes(1, 2));
  const huge = { ...outside("w", { location: "w.bin" }), dims: [2 ** 40] };
  expect(codeOf(() => loadModel(writeModel(huge)))).toBe("external/short");
});

test("tensors may share all of their bytes, but not a part of them", () => {
  writeFileSync(join(folder, "w.bin"), floatBytes(1, 2, 3));
  linkSync(join(folder, "w.bin"), join(folder, "same.bin"));
  symlinkSync("w.bin", join(folder, "link.bin"));
  const whole = (name: string, location: string, offset: string) => outside(name, { location, offset });
  expect(codeOf(() => loadModel(writeModel(whole("a", "w.bin", "0"), whole("b", "w.bin", "0"))))).toBe("accepted");
  expect(codeOf(() => loadModel(writeModel(whole("a", "w.bin", "0"), whole("b", "w.bin", "4"))))).toBe(
    "external/overlap",
  );
  expect(codeOf(() => loadModel(writeModel(whole("a", "w.bin", "0"), whole("b", "link.bin", "4"))))).toBe(
    "external/overlap",
  );
});

test("a data file that was replaced after loading is not read", () => {
  writeFileSync(join(folder, "w.bin"), floatBytes(1, 2));
  const model = loadModel(writeModel(outside("w", { location: "w.bin" })));
  rmSync(join(folder, "w.bin"));
  writeFileSync(join(folder, "w.bin"), floatBytes(3, 4));
  expect(codeOf(() => model.graph.value("w")!.initializer!.bytes())).toBe("external/changed");
  rmSync(join(folder, "w.bin"));
  expect(codeOf(() => model.graph.value("w")!.initializer!.bytes())).toBe("file/read");
});

test("a model file that is not there, or is a folder, is refused", () => {
  expect(codeOf(() => loadModel(join(folder, "absent.onnx")))).toBe("file/read");
  expect(codeOf(() => loadModel(folder))).toBe("file/read");
});

/** A model with a small and a large initializer, both in memory. */
function twoWeights() {
  const model = importModel(proto.model({ initializer: [proto.tensor("small", [1], { raw_data: floatBytes(7) })] }));
  new GraphEditor(model.graph).initializer(
    Tensor.of(
      "float",
      Array.from({ length: 512 }, (_, i) => i),
    ),
    "large",
  );
  return model;
}

test("large data goes into a file of its own when asked for, and comes back the same", () => {
  const model = twoWeights();
  const path = join(folder, "m.onnx");
  expect(saveModel(model, path, { externalData: {} })).toEqual({ model: path, data: `${path}.data` });
  expect(readdirSync(folder).toSorted()).toEqual(["m.onnx", "m.onnx.data"]);
  expect(decodeModel(readFileSync(path)).graph!.initializer.map((each) => each.data_location)).toEqual([undefined, 1]);
  expect(equalModels(loadModel(path), model)).toBeNull();
});

test("threshold and name of the data file can be chosen", () => {
  const path = join(folder, "m.onnx");
  const saved = saveModel(twoWeights(), path, { externalData: { threshold: 1, file: "weights.bin" } });
  expect(saved.data).toBe(join(folder, "weights.bin"));
  expect(decodeModel(readFileSync(path)).graph!.initializer.map((each) => each.data_location)).toEqual([1, 1]);
  expect(codeOf(() => saveModel(twoWeights(), path, { externalData: { file: "../out.bin" } }))).toBe("file/write");
});

test("data stays where it came from unless told otherwise", () => {
  const path = join(folder, "m.onnx");
  saveModel(twoWeights(), path, { externalData: {} });
  const elsewhere = join(root, "copy.onnx");
  expect(saveModel(loadModel(path), elsewhere).data).toBe(`${elsewhere}.data`);
  expect(readFileSync(`${elsewhere}.data`)).toEqual(readFileSync(`${path}.data`));
  expect(equalModels(loadModel(elsewhere), loadModel(path))).toBeNull();
  const inside = join(root, "inside.onnx");
  expect(saveModel(loadModel(path), inside, { externalData: false }).data).toBeNull();
  expect(Buffer.compare(readFileSync(inside), modelBytes(loadModel(path)))).toBe(0);
});

test("what is new and large goes to the data file of a model that has one", () => {
  const path = join(folder, "m.onnx");
  saveModel(twoWeights(), path, { externalData: {} });
  const model = loadModel(path);
  const editor = new GraphEditor(model.graph);
  editor.initializer(Tensor.fromBytes("uint8", [2 ** 20], new Uint8Array(2 ** 20)), "megabyte");
  editor.initializer(Tensor.fromBytes("uint8", [2 ** 19], new Uint8Array(2 ** 19)), "less");
  saveModel(model, path);
  const external = decodeModel(readFileSync(path)).graph!.initializer.filter((each) => each.data_location === 1);
  expect(external.map(({ name }) => name)).toEqual(["large", "megabyte"]);
});

test("a model can be saved over the files it came from", () => {
  const path = join(folder, "m.onnx");
  const model = twoWeights();
  saveModel(model, path, { externalData: { threshold: 1 } });
  const loaded = loadModel(path);
  new GraphEditor(loaded.graph).removeInitializer(loaded.graph.value("small")!);
  saveModel(loaded, path);
  expect(numbers(loadModel(path), "large")).toEqual(numbers(model, "large"));
});

test("a model that cannot be saved leaves nothing behind, and the old files as they were", () => {
  const path = join(folder, "m.onnx");
  saveModel(twoWeights(), path, { externalData: {} });
  const before = readFileSync(path);
  const loaded = loadModel(path);
  writeFileSync(`${path}.data`, "changed");
  expect(codeOf(() => saveModel(loaded, path))).toBe("external/changed");
  expect(readFileSync(path)).toEqual(before);
  expect(readdirSync(folder).toSorted()).toEqual(["m.onnx", "m.onnx.data"]);
  expect(codeOf(() => saveModel(twoWeights(), join(folder, "absent", "m.onnx")))).toBe("file/write");
});

test("a model beyond protobuf's 2 GiB gets a data file on its own, and is refused without one", () => {
  const model = twoWeights();
  // Zeros that are never written take no memory.
  new GraphEditor(model.graph).initializer(Tensor.fromBytes("uint8", [2 ** 31], new Uint8Array(2 ** 31)), "huge");
  const path = join(folder, "m.onnx");
  expect(codeOf(() => saveModel(model, path, { externalData: false }))).toBe("export/too-large");
  expect(codeOf(() => modelBytes(model))).toBe("export/too-large");
  expect(saveModel(model, path).data).toBe(`${path}.data`);
  expect(loadModel(path).graph.value("huge")!.initializer!.source.byteLength).toBe(2 ** 31);
}, 120_000);

test("a sparse tensor's parts are external data too", () => {
  writeFileSync(join(folder, "s.bin"), floatBytes(5, 6));
  const values = outside("s", { location: "s.bin" });
  const indices = create("TensorProto", { dims: [2], data_type: DataType.INT64, int64_data: BigInt64Array.of(0n, 3n) });
  const path = join(folder, "m.onnx");
  const sparse_initializer = [create("SparseTensorProto", { dims: [2, 2], values, indices })];
  writeFileSync(path, encodeModel(proto.model({ sparse_initializer })));
  const saved = saveModel(loadModel(path), join(root, "copy.onnx"));
  expect(numbers(loadModel(saved.model), "s")).toEqual([5, 0, 0, 6]);
});
