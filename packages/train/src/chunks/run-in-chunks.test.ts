import { newModel, parseGraph, printGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { blockedDomain, channelBlock, Session } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { sgd } from "../optimizer/sgd.ts";
import { trainStep, type TrainStep } from "../step/train-step.ts";
import { chunkOf } from "./chunk-size.ts";
import { followSamples } from "./follow-samples.ts";
import { runInChunks } from "./run-in-chunks.ts";

const block = await channelBlock();
const samples = 8;

/** Convolutions, one of them fake-quantized in a range that moves, with what is between them. */
const convolutions = (between: string): Graph =>
  parseGraph(`net (float[N,3,12,12] x) => (float[N,5] y)
  <float[16,3,3,3] v, float[16] b, float[16,16,3,3] w, float[16,1,3,3] k, float[5,16] u, float low = {0}, # buffer
    float high = {2}, # buffer
    float[16] scale, float[16] mean, float[16] var>
  {
    s, z = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low, high)
    c = Conv <pads = [1,1,1,1]> (x, v, b)
    r = Relu (c)
    q = lowbit.FakeQuantize <qmin = 0, qmax = 255> (r, s, z)
    nl, nh = lowbit.ObserveRange <averaging_constant = 0.25> (r, low, high)
    f = lowbit.Assign (low, nl)
    g = lowbit.Assign (high, nh)
    p = ${between}
    d = Conv <pads = [1,1,1,1]> (p, w)
    a = GlobalAveragePool (d)
    l = Flatten (a)
    y = Gemm <transB = 1> (l, u)
  }`);

const normalized = "BatchNormalization (q, scale, b, mean, var)";

function stepOf(graph: Graph, batchNormalization: "train" | "frozen", channels = block): TrainStep {
  const optimizer = sgd({ momentum: 0.9 });
  return trainStep(graph, { loss: crossEntropy(), optimizer, batch: samples, batchNormalization, block: channels });
}

/** All that a step gives for made-up data: the loss and the next state. */
async function results({ graph, ...step }: TrainStep): Promise<readonly Float32Array[]> {
  const feeds: Record<string, Tensor> = { [step.hyper]: Tensor.of("float", [0.1], [1]) };
  feeds.x = seeded("x", "float", [samples, 3, 12, 12]);
  feeds[step.target!] = Tensor.of("int64", [0, 1, 2, 3, 4, 0, 1, 2]);
  for (const { name, initial } of step.state) feeds[name] = initial;
  const model = newModel(graph);
  for (const domain of ["com.microsoft", blockedDomain]) model.opsets.set(domain, 1);
  const session = await Session.create(model);
  const outputs = await session.run(feeds);
  await session.release();
  return [step.loss, ...step.state.map(({ next }) => next)].map((name) => outputs[name]!.floats());
}

test.each([
  ["pools", convolutions("MaxPool <kernel_shape = [2,2], strides = [2,2]> (q)"), block],
  ["pools, on plain ops", convolutions("MaxPool <kernel_shape = [2,2], strides = [2,2]> (q)"), 1],
  ["frozen statistics", convolutions(normalized), block],
  ["a convolution by channel", convolutions("Conv <group = 16, pads = [1,1,1,1]> (q, k)"), block],
])("a step with %s moves the same in chunks", async (_, graph, channels) => {
  const [whole, parted] = [stepOf(graph, "frozen", channels), stepOf(graph, "frozen", channels)];
  expect(runInChunks(parted, samples, 2)).toBe(2);
  expect([...parted.graph.nodes].filter((node) => node.is("Scan"))).toHaveLength(1);
  const [expected, actual] = [await results(whole), await results(parted)];
  expected.forEach((numbers, at) => {
    numbers.forEach((value, index) => expect(actual[at]![index]).toBeCloseTo(value, 5));
  });
});

test("statistics that the batch decides leave a step whole", () => {
  const step = stepOf(convolutions(normalized), "train");
  const text = printGraph(step.graph);
  expect(runInChunks(step, samples, 2)).toBeNull();
  expect(printGraph(step.graph)).toBe(text);
});

test("what fits into caches stays whole, and a batch that nothing near divides", () => {
  const graph = (batch: number, width: number): Graph =>
    parseGraph(`g (float[${batch},${width}] x) => (float r) {
      y = Relu (x)
      r = ReduceSum <keepdims = 0> (y)
    }`);
  const chunk = (batch: number, width: number): number | null => {
    const text = graph(batch, width);
    return chunkOf(followSamples(text, text.inputs, batch)!, batch);
  };
  expect(chunk(256, 2 ** 16)).toBeNull();
  expect(chunk(1024, 2 ** 16)).toBe(256);
  expect(chunk(1021, 2 ** 16)).toBeNull();
});
