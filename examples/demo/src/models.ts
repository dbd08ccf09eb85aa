import { Layers } from "@lowbit/test-models";
import { randomStream, type Model, type Value } from "lowbit";

/** 784-100-100-10 with ReLU. */
export function mlp(seed = 1): Model {
  const layers = new Layers("mlp", [784], randomStream(seed));
  const first = layers.relu(layers.linear(layers.input, "fc1", 784, 100));
  const second = layers.relu(layers.linear(first, "fc2", 100, 100));
  return layers.model(layers.linear(second, "fc3", 100, 10));
}

/** conv16 - relu - maxpool - conv32 - relu - flatten - fc. */
export function cnn(seed = 2): Model {
  const layers = new Layers("cnn", [1, 28, 28], randomStream(seed));
  const { op } = layers.editor;
  const first = layers.relu(layers.conv(layers.input, "conv1", 1, 16));
  const pooled = op.MaxPool([first], { kernel_shape: [2, 2], strides: [2, 2] });
  const second = layers.relu(layers.conv(pooled, "conv2", 16, 32));
  return layers.model(layers.linear(op.Flatten([second], { axis: 1 }), "fc", 32 * 14 * 14, 10));
}

/** A stem, two residual blocks of Conv + BatchNormalization + ReLU with an Add, GlobalAveragePool, fc. */
export function residualCnn(seed = 3): Model {
  const layers = new Layers("residual", [1, 28, 28], randomStream(seed));
  const { op } = layers.editor;
  const stem = layers.convBnRelu(layers.input, "stem", 1, 16, { stride: 2 });
  const block = (x: Value, name: string, inputs: number, outputs: number, stride: number): Value => {
    const first = layers.convBnRelu(x, `${name}.conv1`, inputs, outputs, { stride });
    const second = layers.batchNorm(
      layers.conv(first, `${name}.conv2`, outputs, outputs, { bias: false }),
      `${name}.conv2.bn`,
      outputs,
    );
    const around =
      inputs === outputs && stride === 1
        ? x
        : layers.batchNorm(
            layers.conv(x, `${name}.shortcut`, inputs, outputs, { stride, bias: false, kernel: 1 }),
            `${name}.shortcut.bn`,
            outputs,
          );
    return layers.relu(op.Add([second, around]));
  };
  const narrow = block(stem, "block1", 16, 16, 1);
  const wide = block(narrow, "block2", 16, 32, 2);
  const features = op.Flatten([op.GlobalAveragePool([wide])], { axis: 1 });
  return layers.model(layers.linear(features, "fc", 32, 10));
}
