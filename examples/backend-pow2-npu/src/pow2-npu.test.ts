import {
  createCompiler,
  interpret,
  newModel,
  parseGraph,
  planText,
  quantizeModel,
  seeded,
  Session,
  type Model,
} from "lowbit";
import { expect, test } from "vitest";
import { pow2Npu } from "./index.ts";

/** The shape of the demo's convolutional network for MNIST, with seeded weights and a Softmax behind it. */
const cnn = newModel(
  parseGraph(`cnn (float[N,1,28,28] x) => (float[N,10] y)
  <float[16,1,3,3] w1, float[16] b1, float[32,16,3,3] w2, float[32] b2, float[10,6272] w3, float[10] b3> {
    [conv1] a = Conv <pads = [1, 1, 1, 1]> (x, w1, b1)
    r = Relu (a)
    [pool] p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
    [conv2] c = Conv <pads = [1, 1, 1, 1]> (p, w2, b2)
    s = Relu (c)
    [flat] f = Flatten (s)
    [fc] scores = Gemm <transB = 1> (f, w3, b3)
    [soft] y = Softmax (scores)
  }`),
);
const batch = (index: number) => ({ x: seeded(`x${index}`, "float", [4, 1, 28, 28]) });

async function quantized(): Promise<Model> {
  return (await quantizeModel(cnn, { backend: pow2Npu(), data: [batch(0), batch(1)] })).model;
}

test("plans powers of two, and leaves Softmax and large kernels float with a reason", () => {
  const { graph } = newModel(
    parseGraph(`g (float[1,4,12,12] x) => (y) <float[4,4,7,7] w, float[4,4,5,9] v> {
      [seven] c = Conv (x, w)
      [nine] d = Conv <pads = [4, 4, 4, 4]> (c, v)
      [soft] y = Softmax (d)
    }`),
  );
  expect(planText(pow2Npu().quantizer.annotate(graph))).toMatchInlineSnapshot(`
    "seven#X = int8 per-tensor symmetric power-of-two
    seven#W = int8 -127..127 per-tensor symmetric power-of-two
    c = int8 per-tensor symmetric power-of-two
    float nine (Conv): its kernel is 9 wide, at most 7 is supported
    float soft (Softmax): there is no integer kernel for Softmax"
  `);
});

test("every scale of the quantized network is a power of two, every zero point 0", async () => {
  const { graph } = await quantized();
  const nodes = [...graph.nodes].filter(({ op }) => op.endsWith("quantizeLinear") || op.endsWith("QuantizeLinear"));
  const scales = nodes.flatMap((node) => [...node.inputs[1]!.initializer!.floats()]);
  expect(scales.length).toBeGreaterThan(10);
  expect(scales.filter((scale) => !Number.isInteger(Math.log2(scale)))).toEqual([]);
  const zeros = nodes.flatMap((node) => [...(node.inputs[2]?.initializer?.numbers() ?? [])]);
  expect(zeros.every((zero) => zero === 0)).toBe(true);
});

test("the network runs, and answers almost as the float one does", async () => {
  const session = await Session.create(await quantized());
  const { x } = batch(7);
  const y = (await session.run({ x }))["y"]!;
  await session.release();
  const float = interpret(cnn.graph, new Map([["x", x]])).get("y")!;
  const answers = (values: Float32Array): readonly number[] =>
    [0, 1, 2, 3].map((row) => {
      const scores = values.slice(10 * row, 10 * row + 10);
      return scores.indexOf(Math.max(...scores));
    });
  expect(answers(y.floats())).toEqual(answers(float.floats()));
});

test("a compiler takes it beside its own backends", () => {
  expect(createCompiler({ backends: [pow2Npu()] }).backend("pow2-npu").name).toBe("pow2-npu");
});
