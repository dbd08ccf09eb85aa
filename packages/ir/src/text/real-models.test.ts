import { readdirSync } from "node:fs";
import { join } from "node:path";
import { conformanceArchive, conformanceCases, materialsFolder } from "@lowbit/test-models";
import { describe, expect, test } from "vitest";
import { equalModels } from "../graph/equal.ts";
import { importModel } from "../serde/import-model.ts";
import { loadModel } from "../serde/model-file.ts";
import type { Tensor } from "../tensor.ts";
import { parseModel } from "./parse.ts";
import { printModel } from "./print.ts";

const folder = materialsFolder();
const archive = conformanceArchive();
const files =
  folder === null
    ? []
    : readdirSync(join(folder, "models"), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".onnx"))
        .sort();

/** What the text form leaves out: descriptions, and the data of large tensors. */
const options = { ignoreDescriptions: true, ignoreData: (tensor: Tensor) => tensor.size > 16 };

describe.skipIf(folder === null)("the text of a real model", () => {
  test.each(files)("parses to an equal model: %s", (file) => {
    const model = loadModel(join(folder!, "models", file));
    const copy = parseModel(printModel(model, { types: "all" }), { infer: false });
    expect(equalModels(model, copy, options)).toBeNull();
  });

  test.each(files)("parses to an equal model when types are inferred: %s", (file) => {
    const model = parseModel(printModel(loadModel(join(folder!, "models", file))));
    expect(equalModels(model, parseModel(printModel(model)), options)).toBeNull();
  });
});

test.skipIf(archive === null)("every conformance model parses from its text to an equal model", () => {
  const failures = conformanceCases(archive!).flatMap(({ name, model: bytes }) => {
    const model = importModel(bytes);
    const copy = parseModel(printModel(model, { types: "all" }), { infer: false });
    const difference = equalModels(model, copy, options);
    return difference === null ? [] : [`${name}: ${difference}`];
  });
  expect(failures).toEqual([]);
});
