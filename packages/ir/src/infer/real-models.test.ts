import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { mutable } from "../edit/mutable.ts";
import type { Model } from "../graph/model.ts";
import { convertOpset } from "../opset/convert-opset.ts";
import { importModel } from "../serde/import-model.ts";
import { isStatic, sameType, typeText, type Shape } from "../types.ts";
import { inferShapes } from "./infer-shapes.ts";

const folder = materialsFolder();

/** Every model of the materials in canonical form, without the types declared for its results. */
function* models(): Generator<readonly [path: string, model: Model, declared: readonly string[]]> {
  const root = join(folder!, "models");
  for (const path of readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".onnx"),
  )) {
    const model = importModel(readFileSync(join(root, path)));
    const declared = model.graph.outputs.map((value) => typeText(value.type));
    convertOpset(model);
    for (const node of model.graph.nodes) for (const value of node.outputs) if (value) mutable(value).type = null;
    yield [path, model, declared];
  }
}

/** Sizes for an input's open dimensions: 1 for the batch, and what suits the model for the others. */
function closed(shape: Shape, path: string): Shape {
  const spatial = path.includes("silero") ? 512 : 96;
  return shape.map((dim, axis) =>
    typeof dim === "number" ? dim : axis === 0 || (path.includes("silero") && shape.length === 3) ? 1 : spatial,
  );
}

test.skipIf(folder === null)("every result of every real model has a type", () => {
  const untyped: string[] = [];
  for (const [path, model] of models()) {
    inferShapes(model);
    const values = [...model.graph.nodes].flatMap((node) => node.outputs).filter((value) => value !== null);
    if (values.some((value) => value.shape === null)) untyped.push(path);
  }
  expect(untyped).toEqual([]);
});

test.skipIf(folder === null)("every real model becomes static when its inputs do, but for the reasons known", () => {
  const open: string[] = [];
  for (const [path, model] of models()) {
    const inputShapes = Object.fromEntries(
      model.graph.inputs.flatMap((value) => (value.shape ? [[value.name, closed(value.shape, path)]] : [])),
    );
    inferShapes(model, { inputShapes });
    const values = [...model.graph.nodes].flatMap((node) => node.outputs).filter((value) => value !== null);
    if (!values.every((value) => isStatic(value.shape))) open.push(path);
  }
  // The shapes of the first depend on the sampling rate, those of the second on inputs that only have defaults.
  expect(open.toSorted()).toEqual(["audio/silero_vad_v5.onnx", "detect/version-RFB-320_simplified.onnx"]);
});

test.skipIf(folder === null)("inference agrees with what static models declare", () => {
  const different: string[] = [];
  for (const [path, model, declared] of models()) {
    if (!path.includes(".static.")) continue;
    inferShapes(model);
    if (model.graph.outputs.some((value, i) => typeText(value.type) !== declared[i])) different.push(path);
  }
  expect(different).toEqual([]);
});

test.skipIf(folder === null)("a second run changes nothing", () => {
  const changed: string[] = [];
  for (const [path, model] of models()) {
    inferShapes(model);
    const values = [...model.graph.values.values()];
    const before = values.map((value) => value.type);
    inferShapes(model);
    if (!values.every((value, i) => sameType(value.type, before[i]!))) changed.push(path);
  }
  expect(changed).toEqual([]);
});
