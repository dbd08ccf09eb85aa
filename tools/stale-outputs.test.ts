import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeStaleOutputs } from "./stale-outputs.mjs";

test("outputs of deleted sources go, and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-outputs-"));
  try {
    mkdirSync(join(folder, "src"));
    mkdirSync(join(folder, "dist/step"), { recursive: true });
    writeFileSync(join(folder, "src/fit.ts"), "");
    for (const name of ["fit.js", "fit.d.ts", "fit.d.ts.map", "step/old.js", "step/old.d.ts", "client.html"]) {
      writeFileSync(join(folder, "dist", name), "");
    }
    expect(removeStaleOutputs(folder)).toEqual(["dist/step/old.d.ts", "dist/step/old.js"]);
    expect(readdirSync(join(folder, "dist")).sort()).toEqual([
      "client.html",
      "fit.d.ts",
      "fit.d.ts.map",
      "fit.js",
      "step",
    ]);
    expect(removeStaleOutputs(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a workspace that was never built has none", () => {
  expect(removeStaleOutputs(join(tmpdir(), "lowbit-no-such-folder"))).toEqual([]);
});
