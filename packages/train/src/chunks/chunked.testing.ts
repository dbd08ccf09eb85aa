import { cloneGraph, elementCount, newModel, parseGraph, type Graph, Tensor } from "@lowbit/ir";
import { blockedDomain, Session, type Feeds } from "@lowbit/runtime";
import { randomStream } from "../data/random.ts";
import { runInChunks } from "./run-in-chunks.ts";

const samples = 6;

/**
 * A graph around nodes that make `v`: what they read, and two numbers that depend on every element of `v`.
 *
 * @param text behind " : " come the types of what has no schema
 */
function around(text: string): Graph {
  const [nodes, types] = text.split(" : ");
  return parseGraph(`g (float[6,4,5,3] x, float[6,4,5,3] u, float[6,16,4,4] images, int64[6] labels) => (float r, float s)
<float[4,1,1] channel = {1.5, -0.5, 2.0, 0.25}, float one = {1.0}, float two = {2.0}, float low = {-0.5}, float high = {0.5},
  uint8 zero_u8 = {128}, float[4] scales = {0.1, 0.2, 0.3, 0.4}, float[3] three = {1.0, 2.0, 3.0}, int64[2] axes_13 = {1, 3},
  int64[2] axes_02 = {0, 2}, int64[1] axis_0 = {0}, int64[1] five = {5}, float[2] off_on = {0.0, 1.0}, int64[2] picks = {3, 1},
  float[5,5] table, int64[2] start = {1, 1}, int64[2] end = {3, 3}, int64[8] pads = {0, 1, 0, 1, 0, 0, 2, 1},
  int64[2] rows = {24, 15}, int64[5] split_axes = {6, 2, 2, 5, 3}, int64[4] whole = {6, 4, 5, 3}, float[3,7] matrix, float[60,7] wide,
  float[7] seven, float[2,5] stack, float[16,16,3,3] kernels, float[16] biases, int64[4] as_channels = {1, 96, 4, 4},
  int64[4] as_kernels = {96, 1, 4, 4}, int64[5] as_volume = {1, 16, 6, 4, 4}, float[16,16,1,3,3] volume_kernels, float[16] var_16,
  float[6,4,5,3] whole_table, int64[2] rows_of_all = {8, 45}${types ? `, ${types}` : ""}>
{
  ${nodes!}
  squares = Mul (v, v)
  r = ReduceSum <keepdims = 0> (squares)
  s = ReduceMax <keepdims = 0> (v)
}`);
}

/**
 * The largest difference, as a share of the number, that computing some samples at a time makes on ONNX Runtime; "not parted"
 * where the graph stays as it is.
 */
export async function chunked(nodes: string, size: number): Promise<number | "not parted"> {
  const whole = around(nodes);
  const parted = cloneGraph(whole).graph;
  const step = { graph: parted, data: parted.inputs.map(({ name }) => name), target: null };
  if (runInChunks(step, samples, size) === null) return "not parted";
  if (![...parted.nodes].some((node) => node.is("Scan"))) return Infinity;
  const feeds = feedsOf(whole);
  const [expected, actual] = [await outputsOf(whole, feeds), await outputsOf(parted, feeds)];
  const errors = expected.map((value, index) => Math.abs(value - actual[index]!) / Math.max(1, Math.abs(value)));
  return Math.max(...errors);
}

function feedsOf(graph: Graph): Feeds {
  const random = randomStream(3);
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const length = elementCount(shape)!;
      const numbers = Array.from({ length }, () => (dtype === "int64" ? Math.floor(5 * random()) : 4 * random() - 2));
      return [name, Tensor.of(dtype as "float" | "int64", numbers, shape as readonly number[])];
    }),
  );
}

async function outputsOf(graph: Graph, feeds: Feeds): Promise<readonly number[]> {
  const model = newModel(graph);
  for (const domain of ["com.microsoft", blockedDomain]) model.opsets.set(domain, 1);
  const session = await Session.create(model, { optimization: "disabled" });
  const results = await session.run(feeds);
  await session.release();
  return graph.outputs.flatMap(({ name }) => [...results[name]!.floats()]);
}
