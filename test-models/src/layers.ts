import { Graph, GraphEditor, newModel, Tensor, tensorType, type Model, type Value } from "@lowbit/ir";

/** How a convolution differs from a 3x3 one of stride 1 with bias that keeps the size of its input. */
export interface ConvOptions {
  readonly stride?: number;
  readonly bias?: boolean;
  readonly kernel?: number;
  readonly group?: number;
}

/** Builds layers with fresh weights, drawn as PyTorch draws them by default: uniform within ±1/√fan-in. */
export class Layers {
  readonly graph: Graph;
  readonly editor: GraphEditor;
  /** The model's input `x`, [N, ...shape]. */
  readonly input: Value;
  readonly #random: () => number;

  /** @param random uniform numbers in [0, 1) */
  constructor(name: string, shape: readonly number[], random: () => number) {
    this.graph = new Graph(name);
    this.editor = new GraphEditor(this.graph);
    this.input = this.editor.input("x", tensorType("float", ["N", ...shape]));
    this.#random = random;
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

  /** x [N, inputs] · Wᵀ + b, with `<name>.weight` [outputs, inputs] and `<name>.bias`. */
  linear(x: Value, name: string, inputs: number, outputs: number): Value {
    const w = this.#weights(`${name}.weight`, [outputs, inputs], inputs);
    return this.editor.op.Gemm([x, w, this.#weights(`${name}.bias`, [outputs], inputs)], { transB: 1 }, { name });
  }

  /** A square convolution padded by (kernel - 1) / 2, with `<name>.weight` and, unless told otherwise, `<name>.bias`. */
  conv(x: Value, name: string, inputs: number, outputs: number, options: ConvOptions = {}): Value {
    const { stride = 1, bias = true, kernel = 3, group = 1 } = options;
    const fanIn = (inputs / group) * kernel * kernel;
    const w = this.#weights(`${name}.weight`, [outputs, inputs / group, kernel, kernel], fanIn);
    const b = bias ? this.#weights(`${name}.bias`, [outputs], fanIn) : null;
    const pad = (kernel - 1) / 2;
    return this.editor.op.Conv(
      [x, w, b],
      {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
        ...(group === 1 ? {} : { group }),
      },
      { name },
    );
  }

  /** BatchNormalization as it begins: scale 1, bias 0, running mean 0 and variance 1. */
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

  /** Conv without bias, `<name>.bn`, Relu. */
  convBnRelu(x: Value, name: string, inputs: number, outputs: number, options: ConvOptions = {}): Value {
    const y = this.conv(x, name, inputs, outputs, { ...options, bias: false });
    return this.relu(this.batchNorm(y, `${name}.bn`, outputs));
  }

  /** The finished model; `scores` becomes its output. */
  model(scores: Value): Model {
    this.editor.rename(scores, "scores");
    this.editor.output(scores);
    return newModel(this.graph);
  }
}
