import { Graph, GraphEditor, newModel, randomStream, Tensor, tensorType, type Model, type Value } from "lowbit";

/** Builds layers with fresh weights, drawn as PyTorch draws them: uniform within ±1/√fan-in. */
class Layers {
  readonly graph: Graph;
  readonly editor: GraphEditor;
  readonly input: Value;
  readonly #random: () => number;

  constructor(name: string, shape: readonly number[], seed: number) {
    this.graph = new Graph(name);
    this.editor = new GraphEditor(this.graph);
    this.input = this.editor.input("x", tensorType("float", ["N", ...shape]));
    this.#random = randomStream(seed);
  }

  #weights(name: string, dims: readonly number[], fanIn: number): Value {
    const bound = 1 / Math.sqrt(fanIn);
    const size = dims.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: size }, () => (2 * this.#random() - 1) * bound);
    return this.editor.initializer(Tensor.fromTyped("float", dims, values), name);
  }

  #filled(name: string, size: number, value: number): Value {
    return this.editor.initializer(Tensor.fromTyped("float", [size], new Float32Array(size).fill(value)), name);
  }

  linear(x: Value, name: string, inputs: number, outputs: number): Value {
    const w = this.#weights(`${name}.weight`, [outputs, inputs], inputs);
    return this.editor.op.Gemm([x, w, this.#weights(`${name}.bias`, [outputs], inputs)], { transB: 1 }, { name });
  }

  conv(x: Value, name: string, inputs: number, outputs: number, stride = 1, bias = true, kernel = 3): Value {
    const fanIn = inputs * kernel * kernel;
    const w = this.#weights(`${name}.weight`, [outputs, inputs, kernel, kernel], fanIn);
    const b = bias ? this.#weights(`${name}.bias`, [outputs], fanIn) : null;
    const pad = (kernel - 1) / 2;
    return this.editor.op.Conv(
      [x, w, b],
      { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] },
      { name },
    );
  }

  batchNorm(x: Value, name: string, channels: number): Value {
    const parameters = [
      this.#filled(`${name}.weight`, channels, 1),
      this.#filled(`${name}.bias`, channels, 0),
      this.#filled(`${name}.running_mean`, channels, 0),
      this.#filled(`${name}.running_var`, channels, 1),
    ] as const;
    return this.editor.op.BatchNormalization([x, ...parameters], { epsilon: 1e-5 }, { name });
  }

  relu(x: Value): Value {
    return this.editor.op.Relu([x]);
  }

  convBnRelu(x: Value, name: string, inputs: number, outputs: number, stride = 1): Value {
    return this.relu(this.batchNorm(this.conv(x, name, inputs, outputs, stride, false), `${name}.bn`, outputs));
  }

  model(scores: Value): Model {
    this.editor.rename(scores, "scores");
    this.editor.output(scores);
    return newModel(this.graph);
  }
}

/** 784-100-100-10 with ReLU. */
export function mlp(seed = 1): Model {
  const layers = new Layers("mlp", [784], seed);
  const first = layers.relu(layers.linear(layers.input, "fc1", 784, 100));
  const second = layers.relu(layers.linear(first, "fc2", 100, 100));
  return layers.model(layers.linear(second, "fc3", 100, 10));
}

/** conv16 - relu - maxpool - conv32 - relu - flatten - fc. */
export function cnn(seed = 2): Model {
  const layers = new Layers("cnn", [1, 28, 28], seed);
  const { op } = layers.editor;
  const first = layers.relu(layers.conv(layers.input, "conv1", 1, 16));
  const pooled = op.MaxPool([first], { kernel_shape: [2, 2], strides: [2, 2] });
  const second = layers.relu(layers.conv(pooled, "conv2", 16, 32));
  return layers.model(layers.linear(op.Flatten([second], { axis: 1 }), "fc", 32 * 14 * 14, 10));
}

/** A stem, two residual blocks of Conv + BatchNormalization + ReLU with an Add, GlobalAveragePool, fc. */
export function residualCnn(seed = 3): Model {
  const layers = new Layers("residual", [1, 28, 28], seed);
  const { op } = layers.editor;
  const stem = layers.convBnRelu(layers.input, "stem", 1, 16, 2);
  const block = (x: Value, name: string, inputs: number, outputs: number, stride: number): Value => {
    const first = layers.convBnRelu(x, `${name}.conv1`, inputs, outputs, stride);
    const second = layers.batchNorm(
      layers.conv(first, `${name}.conv2`, outputs, outputs, 1, false),
      `${name}.conv2.bn`,
      outputs,
    );
    const around =
      inputs === outputs && stride === 1
        ? x
        : layers.batchNorm(
            layers.conv(x, `${name}.shortcut`, inputs, outputs, stride, false, 1),
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
