import { Tensor, type Model, type Value } from "@lowbit/ir";
import { Layers, type ConvOptions } from "@lowbit/test-models";
import { randomStream } from "@lowbit/train";

/** A model whose training is measured, and the batch it is measured at. */
export interface BenchModel {
  readonly batch: number;
  /** One sample. */
  readonly shape: readonly number[];
  /** Of SGD with momentum 0.9, on both sides. */
  readonly learningRate: number;
  build(): Model;
}

/** The models by name; the peer builds the same ones under the same names of parameters. All have 10 classes. */
export const benchModels: Readonly<Record<string, BenchModel>> = {
  mlp: { batch: 10, shape: [784], learningRate: 0.01, build: mlp },
  cnn: { batch: 32, shape: [1, 28, 28], learningRate: 0.01, build: cnn },
  // At 0.01 the losses of its first steps jump up and down on both sides, in float too.
  resnet18: { batch: 32, shape: [3, 32, 32], learningRate: 0.003, build: resnet18 },
  mobilenet_v2: { batch: 16, shape: [3, 96, 96], learningRate: 0.01, build: mobilenetV2 },
};

/** 784-100-100-10 with ReLU. */
function mlp(): Model {
  const layers = new Layers("mlp", [784], randomStream(1));
  const first = layers.relu(layers.linear(layers.input, "fc1", 784, 100));
  const second = layers.relu(layers.linear(first, "fc2", 100, 100));
  return layers.model(layers.linear(second, "fc3", 100, 10));
}

/** conv16 - relu - maxpool - conv32 - relu - flatten - fc. */
function cnn(): Model {
  const layers = new Layers("cnn", [1, 28, 28], randomStream(2));
  const { op } = layers.editor;
  const first = layers.relu(layers.conv(layers.input, "conv1", 1, 16));
  const pooled = op.MaxPool([first], { kernel_shape: [2, 2], strides: [2, 2] });
  const second = layers.relu(layers.conv(pooled, "conv2", 16, 32));
  return layers.model(layers.linear(op.Flatten([second], { axis: 1 }), "fc", 32 * 14 * 14, 10));
}

/** ResNet18 (He et al. 2016, table 1) as published for large images, here fed with small ones. */
function resnet18(): Model {
  const layers = new Layers("resnet18", [3, 32, 32], randomStream(3));
  const { op } = layers.editor;
  const block = (x: Value, name: string, inputs: number, outputs: number, stride: number): Value => {
    const first = layers.convBnRelu(x, `${name}.conv1`, inputs, outputs, { stride });
    const plain = layers.conv(first, `${name}.conv2`, outputs, outputs, { bias: false });
    const second = layers.batchNorm(plain, `${name}.conv2.bn`, outputs);
    if (inputs === outputs) return layers.relu(op.Add([second, x]));
    const projected = layers.conv(x, `${name}.shortcut`, inputs, outputs, { stride, bias: false, kernel: 1 });
    return layers.relu(op.Add([second, layers.batchNorm(projected, `${name}.shortcut.bn`, outputs)]));
  };
  const stem = layers.convBnRelu(layers.input, "stem", 3, 64, { stride: 2, kernel: 7 });
  let x: Value = op.MaxPool([stem], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = 64;
  [64, 128, 256, 512].forEach((width, stage) => {
    x = block(x, `layer${stage + 1}.0`, channels, width, stage === 0 ? 1 : 2);
    x = block(x, `layer${stage + 1}.1`, width, width, 1);
    channels = width;
  });
  return layers.model(layers.linear(op.Flatten([op.GlobalAveragePool([x])], { axis: 1 }), "fc", 512, 10));
}

/** MobileNetV2 of width 1 (Sandler et al. 2018, table 2). */
function mobilenetV2(): Model {
  const layers = new Layers("mobilenet_v2", [3, 96, 96], randomStream(4));
  const { editor } = layers;
  const { op } = editor;
  const [zero, six] = [0, 6].map((bound) => editor.initializer(Tensor.scalar("float", bound), `clip.${bound}`));
  const relu6 = (y: Value): Value => op.Clip([y, zero!, six!]);
  const convBn = (x: Value, name: string, inputs: number, outputs: number, options: ConvOptions): Value =>
    layers.batchNorm(layers.conv(x, name, inputs, outputs, { ...options, bias: false }), `${name}.bn`, outputs);
  let x = relu6(convBn(layers.input, "stem", 3, 32, { stride: 2 }));
  let channels = 32;
  let index = 0;
  for (const [expansion, width, repeats, firstStride] of invertedResiduals) {
    for (let repeat = 0; repeat < repeats; repeat++, index++) {
      const [stride, name, hidden] = [repeat === 0 ? firstStride : 1, `block${index}`, channels * expansion];
      const wide = expansion === 1 ? x : relu6(convBn(x, `${name}.expand`, channels, hidden, { kernel: 1 }));
      const mixed = relu6(convBn(wide, `${name}.depthwise`, hidden, hidden, { stride, group: hidden }));
      const narrow = convBn(mixed, `${name}.project`, hidden, width, { kernel: 1 });
      x = stride === 1 && channels === width ? op.Add([x, narrow]) : narrow;
      channels = width;
    }
  }
  const head = relu6(convBn(x, "head", channels, 1280, { kernel: 1 }));
  return layers.model(layers.linear(op.Flatten([op.GlobalAveragePool([head])], { axis: 1 }), "fc", 1280, 10));
}

/** Expansion, width, repeats and stride of the first of each group of blocks. */
const invertedResiduals = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
