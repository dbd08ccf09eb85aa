import { join } from "node:path";
import { loadModel, type Graph } from "@lowbit/ir";
import { composeConvBatchNormalization } from "@lowbit/quantize";
import { runPasses, trainingPipeline } from "@lowbit/rewrite";
import { selectParameters } from "@lowbit/train";
import { describe, expect, test } from "vitest";
import { zooFolder, zooNames } from "./zoo.testing.ts";

const folder = zooFolder();
/** A part of each model by the name of its module in PyTorch, and how many numbers the part has in convolutions and products. */
const parts: Readonly<Record<string, readonly [pattern: string, weights: number]>> = {
  densenet_g8: ["features.denseblock4.*", 6464],
  efficientnet_b0_w025: ["features.8.*", 8192],
  lstm: ["r.*", 14_336],
  mobilenet_v2_w025: ["features.18.*", 102_400],
  resnet_s: ["b.3.*", 4352],
  squeezenet1_1: ["f.6.*", 3264],
  unet_s: ["d.*", 1152],
  vgg_bn_s: ["classifier.*", 2368],
  vit_s: ["encoder.layers.encoder_layer_1.*", 32_768],
};

/** A model of the zoo in the form that is trained. */
function trained(name: string, forIntegers: boolean): Graph {
  const model = loadModel(join(folder!, `${name}.onnx`));
  runPasses(model, forIntegers ? [...trainingPipeline, composeConvBatchNormalization] : trainingPipeline);
  return model.graph;
}

describe.skipIf(folder === null)("a part of each model is chosen by its module, whatever the form of export", () => {
  test.each(folder === null ? [] : zooNames(folder))("%s", (name) => {
    const [pattern, weights] = parts[name.split(".")[0]!]!;
    for (const forIntegers of [false, true]) {
      const chosen = selectParameters(trained(name, forIntegers), [pattern]);
      const several = chosen.filter(
        ({ initializer }) => initializer!.dims.length > 1 + Number(name.startsWith("lstm")),
      );
      expect(several.reduce((sum, { initializer }) => sum + initializer!.size, 0)).toBe(weights);
      const named = new Set(chosen);
      const others = selectParameters(trained(name, forIntegers), undefined, [pattern]).map((value) => value.name);
      expect(others.some((other) => [...named].some((value) => value.name === other))).toBe(false);
    }
  });
});
