/**
 * What improvers made for transformers do to the one in `../shared/materials`, which is not trained: the SQNR of its last
 * LayerNormalization's result on CIFAR-10 images, as it is and after the channels behind each LayerNormalization that one MatMul reads were
 * multiplied by random factors of 2^-3 to 2^3 there and divided by them in the weights, which leaves the float function
 * as it is and is what channels of large activations do to one scale.
 *
 * `npm run bench:transformer`. Exits with 1 when `smooth` gains less than 3 dB on the rescaled model.
 */
import { cloneModel, GraphEditor, loadModel, Tensor, type Graph, type Model } from "@lowbit/ir";
import { ErrorSums, quantizeModel, type Improvement } from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { Session } from "@lowbit/runtime";
import { cifarBatches, materialsFolder } from "@lowbit/test-models";
import { randomStream } from "@lowbit/train";
import { x86 } from "@lowbit/backend-x86";

const file = "minizoo/vit_s.fused.op13.dyn.onnx";
const columns: readonly (readonly Improvement[])[] = [[], ["smooth"], ["awq"], ["bias-correction"]];
const folder = materialsFolder();
if (folder === null) console.log("skipped: the model is not there (../shared/materials)");
else await measure(folder);

async function measure(materials: string): Promise<void> {
  const model = loadModel(`${materials}/models/${file}`);
  runPasses(model, defaultPipeline);
  // The weights of its head are all 0, as they were initialized.
  const last = [...model.graph.nodes].findLast((node) => node.is("LayerNormalization"))!;
  new GraphEditor(model.graph).setOutputs([last.output]);
  runPasses(model, defaultPipeline);
  const rescaled = cloneModel(model);
  const places = rescaleBehindNormalizations(rescaled.graph, 1);
  console.log(
    `SQNR behind the last LayerNormalization in dB, 8-bit weights and activations, ${places} places rescaled`,
  );
  console.log(["model".padEnd(20), ...columns.map((improve) => (improve.join() || "plain").padStart(17))].join(""));
  for (const [name, float] of Object.entries({ "as it is": model, rescaled })) {
    const gained: number[] = [];
    for (const improve of columns) gained.push(await sqnrWith(float, improve, materials));
    console.log([name.padEnd(20), ...gained.map((sqnr) => sqnr.toFixed(1).padStart(17))].join(""));
    if (float === rescaled && !(gained[1]! >= gained[0]! + 3)) process.exitCode = 1;
  }
}

async function sqnrWith(float: Model, improve: readonly Improvement[], materials: string): Promise<number> {
  const input = float.graph.inputs[0]!.name;
  const feeds = (part: "train" | "test"): readonly { readonly [name: string]: Tensor }[] =>
    cifarBatches(materials, part, 256, "normalized").map(({ x }) => ({ [input]: x }));
  const { model } = await quantizeModel(float, { backend: x86({ prefer: "integer" }), data: feeds("train"), improve });
  const [wanted, given] = [await Session.create(float), await Session.create(model)];
  const error = new ErrorSums();
  for (const batch of feeds("test")) {
    const [reference, result] = [await wanted.run(batch), await given.run(batch)];
    for (const [name, tensor] of Object.entries(reference)) error.add(tensor.floats(), result[name]!.floats());
  }
  await Promise.all([wanted.release(), given.release()]);
  return error.result().sqnr ?? Infinity;
}

/** Rescales channels between a LayerNormalization and the only MatMul that reads it; returns how many there were. */
function rescaleBehindNormalizations(graph: Graph, seed: number): number {
  const editor = new GraphEditor(graph);
  const random = randomStream(seed);
  let places = 0;
  for (const node of graph.nodes) {
    const [reader] = node.output.users;
    if (!node.is("LayerNormalization") || !reader?.is("MatMul") || node.output.uses.size !== 1) continue;
    const [scale, bias, weight] = [node.inputs[1]!, node.inputs[2]!, reader.inputs[1]!];
    const factors = Array.from({ length: scale.constant!.size }, () => 2 ** (6 * random() - 3));
    const columnsOf = weight.constant!.dims[1]!;
    const map = ({ constant }: typeof scale, change: (value: number, index: number) => number): Tensor =>
      Tensor.of("float", constant!.numbers().map(change), constant!.dims);
    editor.setInitializer(
      scale,
      map(scale, (value, i) => value * factors[i]!),
    );
    editor.setInitializer(
      bias,
      map(bias, (value, i) => value * factors[i]!),
    );
    editor.setInitializer(
      weight,
      map(weight, (value, i) => value / factors[Math.floor(i / columnsOf)]!),
    );
    places++;
  }
  return places;
}
