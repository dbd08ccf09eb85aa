/**
 * Writes what the guide about analysis starts from into a folder: `keywords.onnx`, the keyword model of MLPerf Tiny;
 * `rescaled.onnx`, the same function with the channels between its convolutions rescaled by random factors of 2^-3 to 2^3, as
 * models come out of trainings that nobody regularized; and `keywords.npz`, 500 labelled samples.
 *
 * `npm run bench:rescaled -- FOLDER`
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadModel, saveModel, Tensor, writeWholeFile } from "@lowbit/ir";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { keywordBatches, materialsFolder, npzBytes, rescaleChannels } from "@lowbit/test-models";

const output = process.argv[2];
const materials = materialsFolder();
if (output === undefined) {
  console.error("usage: npm run bench:rescaled -- FOLDER");
  process.exitCode = 2;
} else if (materials === null) console.log("skipped: the model is not there (../shared/materials)");
else {
  const source = join(materials, "models", "mlperf-tiny", "kws_dscnn.bn.op17.onnx");
  mkdirSync(output, { recursive: true });
  copyFileSync(source, join(output, "keywords.onnx"));
  const model = loadModel(source);
  runPasses(model, defaultPipeline);
  const chains = rescaleChannels(model.graph, 1);
  saveModel(model, join(output, "rescaled.onnx"));
  const batches = keywordBatches(materials, 500);
  const x = Float32Array.from(batches.flatMap((batch) => [...batch.x.floats()]));
  const labels = batches.flatMap((batch) => batch.labels);
  const arrays = {
    x: Tensor.fromTyped("float", [labels.length, 49, 10, 1], x),
    y: Tensor.of("int64", labels),
  };
  writeWholeFile(join(output, "keywords.npz"), npzBytes(arrays));
  console.log(
    `${output}: keywords.onnx, rescaled.onnx (${chains} chains rescaled), keywords.npz (${labels.length} samples)`,
  );
}
