import { readdirSync } from "node:fs";
import { join } from "node:path";
import { convertOpset, GraphEditor, loadModel, Tensor, type Value } from "@lowbit/ir";
import { Session } from "@lowbit/runtime";
import { materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { sampler } from "./against-runtime.testing.ts";
import { evaluate } from "./evaluate.ts";

const materials = materialsFolder();
const folder = materials && join(materials, "models");

/** Models whose Dropout nodes are in training mode: no two runs of them agree. */
const random = /^minizoo\/(mobilenet_v2_w025|squeezenet1_1|vgg_bn_s)\.train/;

/** Sizes of inputs that a model leaves open beyond its batch dimension. */
const sizes: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  "audio/silero_vad_v5.onnx": { input: [1, 512], state: [2, 1, 128] },
  "ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx": { x: [1, 3, 48, 96] },
};

const files = folder
  ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".onnx") && !random.test(file),
    )
  : ["real models"];

test.skipIf(folder === null).each(files)("%s gives what ONNX Runtime gives", { timeout: 60_000 }, async (file) => {
  const model = loadModel(join(folder!, file));
  convertOpset(model);
  const { graph } = model;
  // Some heads are all zeros, so what they read is compared too.
  const head = graph.outputs[0]!.producer!.inputs[0]!;
  if (!head.isGraphOutput && head.producer) new GraphEditor(graph).output(head);
  const draw = sampler(17);
  const feeds = Object.fromEntries(
    graph.inputs
      .filter((value) => !value.initializer)
      .map((value) => [value.name, inputFor(value, sizes[file]?.[value.name], draw)]),
  );
  const actual = evaluate(graph, new Map(Object.entries(feeds)));
  const session = await Session.create(model, { optimization: "disabled", threads: 1 });
  const expected = await session.run(feeds);
  await session.release();
  for (const [name, tensor] of Object.entries(expected)) {
    expect(actual.get(name)!.type).toEqual(tensor.type);
    expect(relativeDistance(actual.get(name)!, tensor)).toBeLessThan(2e-5);
  }
});

function inputFor(value: Value, given: readonly number[] | undefined, draw: ReturnType<typeof sampler>): Tensor {
  if (value.dtype === "int64") return Tensor.scalar("int64", 16_000);
  return draw.floats(given ?? value.shape!.map((dim) => (typeof dim === "number" ? dim : 1)), 0, 1);
}

/** The largest difference of elements, over the largest magnitude. */
function relativeDistance(actual: Tensor, expected: Tensor): number {
  const [ours, theirs] = [actual.numbers(), expected.numbers()];
  const scale = theirs.reduce((max, x) => Math.max(max, Math.abs(x)), 1e-30);
  return ours.reduce((max, x, i) => Math.max(max, Math.abs(x - theirs[i]!) / scale), 0);
}
