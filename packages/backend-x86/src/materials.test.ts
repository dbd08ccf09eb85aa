import { join } from "node:path";
import { cloneGraph, GraphEditor, loadModel, Tensor, verifyModel, type Graph, type Model } from "@lowbit/ir";
import { quantizeModel, type QuantizedModel } from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { Session, whatRan, integerShare } from "@lowbit/runtime";
import { accuracyOver, labelledModels, materialsFolder, type LabelledBatch } from "@lowbit/test-models";
import { describe, expect, test } from "vitest";
import { x86 } from "./x86.ts";

const folder = materialsFolder() ?? "";

/** How many samples of each test set are run here. */
const tested = {
  ResNet20: 2500,
  "ResNet8 of MLPerf Tiny": 5000,
  "keyword spotting of MLPerf Tiny": 500,
  "MNIST of CNTK": 3000,
} as const;

type Name = keyof typeof labelledModels;
const names = Object.keys(labelledModels) as Name[];

async function quantized(name: Name, prefer: "speed" | "integer"): Promise<{ float: Model; int8: QuantizedModel }> {
  const float = loadModel(join(folder, labelledModels[name].file));
  const input = inputOf(float.graph);
  const data = labelledModels[name].train(folder, 256).map(({ x }) => ({ [input]: x }));
  return { float, int8: await quantizeModel(float, { backend: x86({ prefer }), data }) };
}

/** The input that callers feed; old files list initializers among the inputs too. */
function inputOf(graph: Graph): string {
  return graph.inputs.find((value) => !value.initializer)!.name;
}

/** Share of samples whose largest output is the right class, in percent. */
async function accuracy(model: Model, batches: readonly LabelledBatch[]): Promise<number> {
  const session = await Session.create(model);
  const [input, output] = [inputOf(model.graph), model.graph.outputs[0]!.name];
  const percent = await accuracyOver(batches, async (x) => (await session.run({ [input]: x }))[output]!);
  await session.release();
  return percent;
}

/** The model with the codes of its last QuantizeLinear as its only output. */
function returningLastCodes(model: Model): Model {
  const { graph } = cloneGraph(model.graph);
  const last = [...graph.nodes].findLast((node) => node.op === "QuantizeLinear")!;
  new GraphEditor(graph).setOutputs([last.output]);
  return { ...model, graph };
}

describe.skipIf(!materialsFolder())("with the models of the materials,", () => {
  test.each(names)("%s loses no more accuracy than allowed", { timeout: 60_000 }, async (name) => {
    const { float, int8 } = await quantized(name, "speed");
    expect(verifyModel(int8.model)).toEqual([]);
    const batches = labelledModels[name].test(folder, tested[name]);
    const [before, after] = [await accuracy(float, batches), await accuracy(int8.model, batches)];
    expect(after).toBeGreaterThanOrEqual(before - labelledModels[name].loss);
  });

  test.each(names)("%s runs all its products on integers when asked to", { timeout: 60_000 }, async (name) => {
    const { int8 } = await quantized(name, "integer");
    const [batch] = labelledModels[name].test(folder, 64);
    const kernels = await whatRan(int8.model, { [inputOf(int8.model.graph)]: batch!.x });
    expect(integerShare(kernels)).toBeGreaterThan(0.99);
  });

  test.each(["ResNet8 of MLPerf Tiny", "keyword spotting of MLPerf Tiny"] as const)(
    "%s gives the interpreter's codes on ONNX Runtime, up to a rare last step",
    { timeout: 60_000 },
    async (name) => {
      const model = returningLastCodes((await quantized(name, "integer")).int8.model);
      const [batch] = labelledModels[name].test(folder, 64);
      const rows = 2;
      const dims = [rows, ...batch!.x.dims.slice(1)];
      const x = Tensor.of(
        "float",
        batch!.x.floats().subarray(
          0,
          dims.reduce((a, b) => a * b),
        ),
        dims,
      );
      const [input, output] = [inputOf(model.graph), model.graph.outputs[0]!.name];
      const wanted = evaluate(model.graph, new Map([[input, x]]), { arithmetic: x86().arithmetic }).get(output)!;
      const session = await Session.create(model);
      const actual = (await session.run({ [input]: x }))[output]!.numbers();
      await session.release();
      const steps = wanted.numbers().map((code, i) => Math.abs(code - actual[i]!));
      expect(Math.max(...steps)).toBeLessThanOrEqual(1);
      expect(steps.filter((step) => step > 0).length / steps.length).toBeLessThan(0.01);
    },
  );
});
