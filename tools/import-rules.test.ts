import { expect, test } from "vitest";
import { violations } from "./import-rules.mjs";

const rewrite = {
  name: "@lowbit/rewrite",
  folder: "packages/rewrite",
  dependencies: new Set(["@lowbit/ir", "@lowbit/train"]),
  devDependencies: new Set(["@lowbit/runtime", "vitest"]),
};
const demo = {
  name: "@lowbit/example-demo",
  folder: "examples/demo",
  dependencies: new Set(["lowbit", "@lowbit/test-models"]),
  devDependencies: new Set<string>(),
};

const inProduct = (specifier: string) =>
  violations(rewrite, { path: "packages/rewrite/src/fusions/conv-bn.ts", imports: [specifier] });
const inTest = (specifier: string) =>
  violations(rewrite, { path: "packages/rewrite/src/fusions/conv-bn.test.ts", imports: [specifier] });
const inExample = (specifier: string) => violations(demo, { path: "examples/demo/src/main.ts", imports: [specifier] });

test.each(["@lowbit/ir", "@lowbit/ir/testing", "./match.ts", "../pattern.ts", "./ops.json", "node:fs"])(
  "a package may import %s",
  (specifier) => {
    expect(inProduct(specifier)).toEqual([]);
  },
);

test.each(["@lowbit/runtime", "@lowbit/test-models", "vitest", "../pattern.ts", "./graphs.testing.ts"])(
  "a test may import %s",
  (specifier) => {
    expect(inTest(specifier)).toEqual([]);
  },
);

test.each(["lowbit", "@lowbit/test-models", "node:path"])("an example may import %s", (specifier) => {
  expect(inExample(specifier)).toEqual([]);
});

test("every forbidden import of a package is reported with its reason", () => {
  const forbidden = [
    "@lowbit/train",
    "@lowbit/quantize",
    "@lowbit/rewrite",
    "@lowbit/runtime",
    "@lowbit/test-models",
    "onnxruntime-node",
    "lodash/get.js",
    "fs",
    "./match",
    "./match.js",
    "./graphs.testing.ts",
    "../../../ir/src/graph.ts",
  ];
  const reasons = forbidden
    .flatMap(inProduct)
    .map((line) => line.replace("packages/rewrite/src/fusions/conv-bn.ts: ", ""));
  expect(reasons.join("\n")).toMatchInlineSnapshot(`
    "imports "@lowbit/train": @lowbit/train stands below @lowbit/rewrite
    imports "@lowbit/quantize": @lowbit/rewrite does not declare @lowbit/quantize
    imports "@lowbit/rewrite": a package imports its own files by relative path
    imports "@lowbit/runtime": @lowbit/rewrite declares @lowbit/runtime for its tests only
    imports "@lowbit/test-models": only tests import the test models
    imports "onnxruntime-node": only @lowbit/runtime imports onnxruntime-node
    imports "lodash/get.js": @lowbit/rewrite does not declare lodash
    imports "fs": write "node:fs"
    imports "./match": a relative import names the file with its extension
    imports "./match.js": a relative import names the file with its extension
    imports "./graphs.testing.ts": the product does not import test code
    imports "../../../ir/src/graph.ts": a relative import stays inside its package"
  `);
});

test("a test may not import a package that is not declared", () => {
  expect(inTest("@lowbit/quantize")).toMatchInlineSnapshot(`
    [
      "packages/rewrite/src/fusions/conv-bn.test.ts: imports "@lowbit/quantize": @lowbit/rewrite does not declare @lowbit/quantize",
    ]
  `);
});

test("an example may not go round the public API", () => {
  expect(inExample("onnxruntime-node")).toMatchInlineSnapshot(`
    [
      "examples/demo/src/main.ts: imports "onnxruntime-node": only @lowbit/runtime imports onnxruntime-node",
    ]
  `);
});
