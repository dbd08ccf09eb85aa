import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { conformanceArchive, conformanceCases, materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { modelBytes } from "./export-model.ts";
import { importModel } from "./import-model.ts";

const folder = materialsFolder();
const archive = conformanceArchive();
const models = folder === null ? [] : join(folder, "models");

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

test.skipIf(folder === null)("every model of the materials leaves import and export as the same bytes", () => {
  const paths = readdirSync(models as string, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".onnx"),
  );
  const changed = paths.filter((path) => {
    const bytes = readFileSync(join(models as string, path));
    return !sameBytes(modelBytes(importModel(bytes)), bytes);
  });
  expect(changed).toEqual([]);
  expect(paths.length).toBeGreaterThan(40);
});

test.skipIf(archive === null)("every conformance model leaves import and export as the same bytes", () => {
  const changed = conformanceCases(archive!).filter(({ model }) => !sameBytes(modelBytes(importModel(model)), model));
  expect(changed.map(({ name }) => name)).toEqual([]);
});
