import { decodeModel } from "@lowbit/onnx-proto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newModel } from "../graph/model.ts";
import { parseGraph } from "../text/parse.ts";
import { equalModels } from "../graph/equal.ts";
import { inferShapes } from "../infer/infer-shapes.ts";
import { loadModel } from "./model-file.ts";
import { saveModel } from "./save-model.ts";

test("leaves out the types of inner values that follow from the inputs, and keeps those of unknown ops", () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-save-"));
  try {
    const model = newModel(
      parseGraph(`g (float[N,4] x) => (float[N,4] y) <float[N,4] b> {
        a = Relu (x)
        b = custom.Op (a)
        y = Neg (b)
      }`),
    );
    const listed = (innerTypes: boolean): readonly (string | undefined)[] => {
      const path = join(folder, "model.onnx");
      saveModel(model, path, { innerTypes });
      const loaded = loadModel(path);
      inferShapes(loaded);
      expect(equalModels(loaded, model)).toBeNull();
      return decodeModel(readFileSync(path)).graph!.value_info.map(({ name }) => name);
    };
    expect([listed(true), listed(false)]).toEqual([["a", "b"], ["b"]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("keeps the type of a resized value with named dimensions, which inference does not carry", () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-save-"));
  try {
    const listed = (batch: string): readonly (string | undefined)[] => {
      const path = join(folder, "model.onnx");
      const text = `g (float[${batch},2,3,3] x) => (y) <float[4] scales = {1, 1, 2, 2}> {
        a = Resize <mode = "nearest"> (x, , scales)
        y = Relu (a)
      }`;
      saveModel(newModel(parseGraph(text)), path, { innerTypes: false });
      return decodeModel(readFileSync(path)).graph!.value_info.map(({ name }) => name);
    };
    expect([listed("N"), listed("5")]).toEqual([["a"], []]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("keeps the types of values that Reshape or Slice give dimensions of their own", () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-save-"));
  try {
    const path = join(folder, "model.onnx");
    const text = `g (float[N,2,3,3] x, int64[1] n) => (y)
      <int64[4] pairs = {-1, 4, 3, 3}, int64[3] rows = {0, 2, 9}, int64[1] first = {0}, int64[1] axis = {2}> {
        a = Reshape (x, pairs)
        b = Slice (x, first, n)
        c = Reshape (x, rows)
        d = Slice (x, first, n, axis)
        y = Concat <axis = 0> (c, c)
      }`;
    saveModel(newModel(parseGraph(text)), path, { innerTypes: false });
    const listed = decodeModel(readFileSync(path)).graph!.value_info.map(({ name }) => name);
    expect(listed).toEqual(["a", "b", "d"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(process.platform === "win32")("puts no file in the place of what is no file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-save-"));
  const path = join(folder, "socket");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    expect(() => saveModel(newModel(parseGraph("g (float x) => (y) { y = Relu (x) }")), path)).toThrow(
      "the file cannot be written: it is no file but a pipe or a device",
    );
    expect([readdirSync(folder), statSync(path).isSocket()]).toEqual([["socket"], true]);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
