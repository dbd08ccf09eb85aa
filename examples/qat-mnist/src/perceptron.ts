import { Graph, GraphEditor, newModel, randomStream, Tensor, tensorType, type Model, type Value } from "lowbit";

/** 784-100-100-10 with ReLU, untrained; in real life, `loadModel("your-model.onnx")`. */
export function perceptron(): Model {
  const editor = new GraphEditor(new Graph("perceptron"));
  const random = randomStream(1);
  const weights = (name: string, dims: readonly number[], fanIn: number): Value => {
    const size = dims.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: size }, () => (2 * random() - 1) / Math.sqrt(fanIn));
    return editor.initializer(Tensor.of("float", values, dims), name);
  };
  const layer = (x: Value, name: string, from: number, to: number): Value =>
    editor.op.Gemm(
      [x, weights(`${name}.weight`, [to, from], from), weights(`${name}.bias`, [to], from)],
      { transB: 1 },
      { name },
    );
  const x = editor.input("x", tensorType("float", ["N", 784]));
  const first = editor.op.Relu([layer(x, "fc1", 784, 100)]);
  const second = editor.op.Relu([layer(first, "fc2", 100, 100)]);
  const scores = layer(second, "fc3", 100, 10);
  editor.rename(scores, "scores");
  editor.output(scores);
  return newModel(editor.graph);
}
