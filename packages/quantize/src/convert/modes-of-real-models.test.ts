import { join } from "node:path";
import { GraphEditor, loadModel, seeded, type Model, type Tensor } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { Session, whatRan } from "@lowbit/runtime";
import { materialsFolder } from "@lowbit/test-models";
import { describe, expect, test } from "vitest";
import { quantizeModel, type QuantizeOptions } from "../quantize-model.ts";

const folder = join(materialsFolder() ?? "", "models");
const backend = { name: "any", lower: [], quantizer: { name: "any", annotate: () => expect.unreachable() } };

/** Each: file, shape of its input, and how many products of matrices with weights it has. */
const models = [
  ["minizoo/vit_s.fused.op13.dyn.onnx", [1, 3, 32, 32], 12],
  ["minizoo/lstm.fused.op13.dyn.onnx", [1, 20, 16], 1],
  ["mlperf-tiny/ad01_autoencoder.op17.onnx", [1, 640], 10],
  ["mlperf-tiny/kws_dscnn.bn.op17.onnx", [1, 49, 10, 1], 1],
] as const;

function load(file: string): Model {
  const model = loadModel(join(folder, file));
  const last = [...model.graph.nodes].at(-1)!;
  // The weights of this head are all 0: what it reads is what there is to see.
  if (file.includes("vit_s")) new GraphEditor(model.graph).setOutputs([last.input]);
  return model;
}

const modes: readonly (readonly [string, Partial<QuantizeOptions>, kernel: string])[] = [
  ["weight-only int8", { mode: "weight-only" }, "MatMulNBits"],
  ["weight-only int4", { mode: "weight-only", weights: { dtype: "int4" } }, "MatMulNBits"],
  ["dynamic", { mode: "dynamic" }, "DynamicQuantizeMatMul"],
];

async function run(model: Model, x: Tensor, config: Readonly<Record<string, string>>): Promise<Float32Array> {
  const session = await Session.create(model, { threads: 1, config });
  const results = await session.run({ [inputOf(model)]: x });
  await session.release();
  return results[model.graph.outputs[0]!.name]!.floats();
}

function inputOf({ graph }: Model): string {
  return graph.inputs.find((value) => !value.initializer)!.name;
}

/** The largest difference, in parts of the largest value. */
function difference(a: Float32Array, b: Float32Array): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / largest;
}

describe.skipIf(!materialsFolder()).each(models)("%s", (file, dims, products) => {
  test.each(modes)(
    "%s runs its products as they are meant, and as the interpreter says",
    async (_, options, kernel) => {
      const { model } = await quantizeModel(load(file), { backend, ...options });
      const x = seeded("x", "float", dims);
      const ran = await whatRan(model, { [inputOf(model)]: x }, { threads: 1 });
      expect(ran.filter(({ op }) => op === kernel)).toHaveLength(products);
      const wanted = evaluate(model.graph, new Map([[inputOf(model), x]]))
        .get(model.graph.outputs[0]!.name)!
        .floats();
      const exactly = await run(model, x, { "session.qdq_matmulnbits_accuracy_level": "1" });
      // Where a sum of floats comes out another way, a dynamic activation may round to the next code.
      const allowed = kernel === "MatMulNBits" ? 1e-5 : 0.01;
      expect(difference(wanted, exactly)).toBeLessThan(allowed);
      expect(difference(wanted, await run(model, x, {}))).toBeLessThan(0.05);
    },
  );
});
