import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, parseModel, saveModel } from "lowbit";
import { expect, test } from "vitest";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const guide = readFileSync(path("../../../docs/guides/write-a-pass.md"), "utf8");
const blocks = [...guide.matchAll(/```(?:ts|js) (\S+)\n([^]*?)```/g)].map(([, file, code]) => ({
  file: file!,
  code: code!,
}));

test.each(blocks.filter(({ file }) => file.startsWith("src/")))("the guide shows $file as it is", ({ file, code }) => {
  expect(readFileSync(path(`../${file}`), "utf8").includes(code)).toBe(true);
});

test("all code of the guide belongs to the example", () => {
  expect(guide.match(/```[tj]s/g)).toHaveLength(blocks.length);
  expect(blocks.length).toBeGreaterThan(5);
});

test("the command finds the pass through the configuration file of the guide", () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-custom-pass-"));
  try {
    symlinkSync(path("../dist"), join(folder, "dist"), "junction");
    writeFileSync(join(folder, "lowbit.config.js"), blocks.find(({ file }) => file === "lowbit.config.js")!.code);
    writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
    const text = `<ir_version: 10, opset_import: ["" : 21]> g (float[2,2] x) => (float[2,2] y)
      <float[2,2] a = {1, 2, 3, 4}, float[2,2] b = {1, 2, 3, 4}> { s = MatMul (x, a)  y = MatMul (s, b) }`;
    saveModel(parseModel(text), join(folder, "model.onnx"));
    const passes = "default,share-weights{min-bytes=0}";
    const command = [path("../../../packages/lowbit/bin/lowbit.js"), "opt", "model.onnx", "-o", "smaller.onnx"];
    execFileSync(process.execPath, [...command, "--passes", passes, "--verify-each"], { cwd: folder, stdio: "pipe" });
    expect(loadModel(join(folder, "smaller.onnx")).graph.initializers.size).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
