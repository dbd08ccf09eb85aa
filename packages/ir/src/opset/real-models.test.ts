import { readdirSync } from "node:fs";
import { join } from "node:path";
import { conformanceArchive, conformanceCases, materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { canonicalOpset, type Model } from "../graph/model.ts";
import { importModel } from "../serde/import-model.ts";
import { loadModel } from "../serde/model-file.ts";
import { verifyModel } from "../verify/verify.ts";
import { convertOpset } from "./convert-opset.ts";

const folder = materialsFolder();
const archive = conformanceArchive();

/** The errors of a model after conversion, in words. */
function errors(name: string, model: Model): readonly string[] {
  convertOpset(model);
  const found = verifyModel(model).filter(({ severity }) => severity === "error");
  return found.map(({ message }) => `${name}: ${message}`);
}

test.skipIf(folder === null)("every model of the materials converts to a valid one", () => {
  const paths = readdirSync(join(folder!, "models"), { recursive: true, encoding: "utf8" });
  const models = paths.filter((path) => path.endsWith(".onnx"));
  const converted = models.map((path) => [path, loadModel(join(folder!, "models", path))] as const);
  expect(converted.flatMap(([path, model]) => errors(path, model))).toEqual([]);
  expect(new Set(converted.map(([, { opsets }]) => opsets.get("")))).toEqual(new Set([canonicalOpset]));
});

test.skipIf(archive === null)("every conformance model of an older opset converts to a valid one", () => {
  const older = conformanceCases(archive!)
    .map(({ name, model }) => [name, importModel(model)] as const)
    .filter(([, { opsets }]) => (opsets.get("") ?? canonicalOpset) < canonicalOpset);
  expect(older.flatMap(([name, model]) => errors(name, model))).toEqual([]);
  expect(older.length).toBeGreaterThan(600);
});
