import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { newModel, parseGraph, saveModel } from "@lowbit/ir";
import { afterAll, beforeAll, expect, test } from "vitest";

const guide = readFileSync(new URL("../../../docs/guides/quantization.md", import.meta.url), "utf8");
const snippets = [...guide.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);
const built = new URL("../dist/index.js", import.meta.url).href;

/** A classifier of 4 by 4 images, and 40 images of noise. */
const folder = mkdtempSync(join(tmpdir(), "lowbit-guide-"));
beforeAll(() => {
  const graph =
    parseGraph(`g (float[N,1,4,4] x) => (float[N,3] y) <float[4,1,3,3] w, float[4] b, float[16,3] m, float[3] c> {
    h = Conv (x, w, b)
    r = Relu (h)
    f = Flatten (r)
    y = Gemm (f, m, c)
  }`);
  saveModel(newModel(graph), join(folder, "model.onnx"));
  writeFileSync(
    join(folder, "train-images.idx"),
    idx([40, 4, 4], (i) => (i * 73) % 251),
  );
  writeFileSync(
    join(folder, "train-labels.idx"),
    idx([40], (i) => i % 3),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function idx(dims: readonly number[], value: (index: number) => number): Buffer {
  const head = Buffer.alloc(4 + 4 * dims.length);
  head.set([0, 0, 8, dims.length]);
  dims.forEach((dim, i) => head.writeUInt32BE(dim, 4 + 4 * i));
  return Buffer.concat([
    head,
    Buffer.from(Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => value(i))),
  ]);
}

test("the guide has snippets", () => {
  expect(snippets.length).toBeGreaterThan(1);
});

test.each(snippets)("a snippet of the guide to quantization runs: %s", { timeout: 60_000 }, async (code) => {
  writeFileSync(join(folder, "snippet.mjs"), code.replaceAll('from "lowbit"', `from ${JSON.stringify(built)}`));
  const { stderr } = await promisify(execFile)(process.execPath, ["snippet.mjs"], { cwd: folder });
  expect(stderr).toBe("");
});
