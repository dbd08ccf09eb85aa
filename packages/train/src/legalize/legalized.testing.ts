import { cloneGraph, elementCount, newModel, parseGraph, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { blockedDomain, Session } from "@lowbit/runtime";
import { randomStream } from "../data/random.ts";
import { legalize } from "./legalize.ts";

/** Uniform numbers from -1 to 1 for every input, the same on every machine. */
export function inputsOf(graph: Graph): Map<string, Tensor> {
  const random = randomStream(5);
  return new Map(
    graph.inputs.map((value) => {
      const values = Float32Array.from({ length: elementCount(value.shape)! }, () => 2 * random() - 1);
      return [value.name, Tensor.fromTyped("float", value.shape as readonly number[], values)];
    }),
  );
}

/**
 * Runs a graph's formulation on ONNX Runtime beside the graph itself in the reference interpreter. Gives the ops of the
 * formulation as `domain:op`, and the largest difference of any output; infinite where a shape differs.
 */
export async function legalized(
  text: string,
  block = 1,
): Promise<{ readonly ops: readonly string[]; readonly error: number }> {
  const graph = parseGraph(text);
  const inputs = inputsOf(graph);
  const expected = evaluate(graph, inputs);
  const plain = cloneGraph(graph).graph;
  legalize(plain, block);
  const ops = [...plain.nodes].map((node) => `${node.domain}:${node.op}`);
  const model = newModel(plain);
  for (const domain of ["com.microsoft", blockedDomain]) model.opsets.set(domain, 1);
  const session = await Session.create(model, { optimization: "disabled" });
  const actual = await session.run(Object.fromEntries(inputs));
  await session.release();
  const errors = graph.outputs.map(({ name }) => {
    const [wanted, got] = [expected.get(name)!, actual[name]!];
    if (wanted.dims.join() !== got.dims.join()) return Infinity;
    return Math.max(...wanted.numbers().map((value, index) => Math.abs(value - got.numbers()[index]!)));
  });
  return { ops, error: Math.max(...errors) };
}
