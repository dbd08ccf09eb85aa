import { expect, test } from "vitest";
import { tarballProblems } from "./tarball.mjs";

const complete = ["package.json", "src/index.ts", "dist/index.js", "dist/index.d.ts", "dist/index.js.map"];

test("a tarball with the product and its source has no problems", () => {
  expect(tarballProblems(complete, () => true)).toEqual([]);
});

test("published test code, build caches, stale outputs and missing files are reported", () => {
  const files = [
    "package.json",
    "src/index.ts",
    "src/match.test.ts",
    "dist/match.test.d.ts",
    "dist/graphs.testing.js.map",
    "dist/lib.tsbuildinfo",
    "dist/gone.js",
  ];
  expect(tarballProblems(files, (path) => path !== "src/gone.ts").join("\n")).toMatchInlineSnapshot(`
    "the tarball lacks dist/index.js
    the tarball lacks dist/index.d.ts
    src/match.test.ts is test code and would be published
    dist/match.test.d.ts is test code and would be published
    dist/graphs.testing.js.map is test code and would be published
    dist/lib.tsbuildinfo is a build cache and would be published
    dist/gone.js was built from src/gone.ts, which is gone: delete the dist folder"
  `);
});
