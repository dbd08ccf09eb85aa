import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the example trains to above 94 % in float and in integers", () => {
  const program = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "lowbit-qat-mnist-"));
  try {
    const output = execFileSync(process.execPath, [program], { cwd: folder, encoding: "utf8" });
    const shares = [...output.matchAll(/: ([\d.]+) %/g)].map((match) => Number(match[1]));
    expect(shares.length).toBe(3);
    expect(Math.min(...shares)).toBeGreaterThan(94);
    const sizes = ["float", "qat"].map((name) => readFileSync(join(folder, `mnist.${name}.onnx`)).length);
    expect(sizes[0]! / sizes[1]!).toBeGreaterThan(3.5);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 180_000);

test("the program stays within 25 lines", () => {
  const source = readFileSync(fileURLToPath(new URL("main.ts", import.meta.url)), "utf8");
  expect(source.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});
