import { readdirSync } from "node:fs";
import { join } from "node:path";
import { arm } from "@lowbit/backend-arm";
import type { Backend } from "@lowbit/backend-kit";
import { x86 } from "@lowbit/backend-x86";
import { loadModel, type Model } from "@lowbit/ir";
import { deployModel, integerOperators, quantizeModel } from "@lowbit/quantize";
import { materialsFolder, seededInputs } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { verifyDeployment } from "./verify-deployment.ts";

const folder = materialsFolder();
const models = folder === null ? "" : join(folder, "models");
/** All but one whose made-up inputs are too short for it, and one that is quantized already. */
const names =
  folder === null
    ? ["a real model"]
    : readdirSync(models, { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".onnx") && !/silero|vendor/.test(path))
        .toSorted();

const backends: readonly Backend[] = [
  x86(),
  ...[x86, arm].map((make) => make({ prefer: "integer" })),
  arm({ prefer: "integer", features: ["qnnpack"] }),
];

test.skipIf(folder === null).each(names)(
  "every kernel of %s leads to its nodes, or says what it is for",
  { timeout: 120_000 },
  async (name) => {
    const float = loadModel(join(models, name));
    const data = [0, 1].map((index) => seededInputs(float, index));
    const untold: string[] = [];
    const tell = async (form: string, model: Model, backend: Backend | null): Promise<void> => {
      const feeds = seededInputs(float, 9);
      const { nodes, added } = await verifyDeployment(model, { ...(backend ? { backend } : {}), feeds, threads: 1 });
      for (const { op, purpose } of added) {
        if (!/^(layout|conversion) between .+ and .+/.test(purpose)) untold.push(`${form}: ${op} is ${purpose}`);
      }
      for (const { node, runs, reason } of nodes) {
        if (runs === "float" && reason === null) untold.push(`${form}: ${node} is float without a reason`);
      }
    };
    await tell("float", float, null);
    for (const backend of backends) {
      const { model, prepared } = await quantizeModel(float, { backend, data });
      await tell(backend.name, model, backend);
      const operators = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
      await tell(`${backend.name} in operators`, operators, backend);
    }
    expect(untold).toEqual([]);
  },
);
