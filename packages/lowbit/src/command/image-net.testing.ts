import { parseGraph, newModel, saveModel, GraphEditor, Tensor } from "@lowbit/ir";
import { randomStream } from "@lowbit/train";

/** Writes x float[N,3,8,8] -> Conv 4 -> Relu -> GlobalAveragePool -> Gemm 2, untrained. */
export function imageNet(path: string): void {
  const graph = parseGraph(`net (float[N,3,8,8] x) => (float[N,2] y) <float[4,3,3,3] w1, float[2,4] w2> {
    h = Conv <kernel_shape = [3,3], pads = [1,1,1,1]> (x, w1)
    r = Relu (h)
    p = GlobalAveragePool (r)
    f = Flatten (p)
    y = Gemm <transB = 1> (f, w2) }`);
  const random = randomStream(4);
  const editor = new GraphEditor(graph);
  for (const value of graph.initializers) {
    const { dims, size } = value.initializer!;
    editor.setInitializer(
      value,
      Tensor.of(
        "float",
        Float32Array.from({ length: size }, () => random() - 0.5),
        dims,
      ),
    );
  }
  saveModel(newModel(graph), path);
}
