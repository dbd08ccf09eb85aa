import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { newModel, parseGraph, saveModel } from "lowbit";
import { expect, test } from "vitest";

const run = promisify(execFile);
const inRepository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

test("the lowbit command takes the built module as a backend", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-pow2-"));
  try {
    const path = join(folder, "model.onnx");
    const text = `g (float[1,4,8,8] x) => (float[1,4,6,6] y) <float[4,4,3,3] w> { c = Conv (x, w) y = Softmax (c) }`;
    saveModel(newModel(parseGraph(text)), path);
    const backend = inRepository("examples/backend-pow2-npu/dist/index.js");
    const command = [inRepository("packages/lowbit/bin/lowbit.js"), "inspect", path, "--backend", backend, "--json"];
    const { stdout } = await run(process.execPath, command);
    expect((JSON.parse(stdout) as Record<string, unknown>)["quantizable"]).toEqual({
      backend: "pow2-npu",
      ops: { Conv: { integer: 1, float: 0 }, Softmax: { integer: 0, float: 1 } },
      skipped: [{ node: "y", op: "Softmax", reason: "there is no integer kernel for Softmax" }],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
