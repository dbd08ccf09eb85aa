import { newModel, parseGraph, seeded, type Model, type Tensor } from "@lowbit/ir";
import { quantizeModel, type QuantizedModel } from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { quantizedGraphs } from "@lowbit/test-models";
import { describe, expect, test } from "vitest";
import { x86 } from "./x86.ts";

function feedsOf(model: Model, index: number): Record<string, Tensor> {
  return Object.fromEntries(
    model.graph.inputs.map(({ name, shape }) => [name, seeded(`${name}${index}`, "float", shape as readonly number[])]),
  );
}

async function quantized(text: string): Promise<QuantizedModel> {
  const model = newModel(parseGraph(text));
  const data = Array.from({ length: 4 }, (_, i) => feedsOf(model, i));
  return quantizeModel(model, { backend: x86({ prefer: "integer" }), data });
}

/** How many elements differ between ONNX Runtime and the reference interpreter, and by how many steps of the codes. */
async function compare(model: Model, expected: Model): Promise<{ values: number; differing: number; steps: number }> {
  const arithmetic = x86().arithmetic;
  const session = await Session.create(model);
  let [values, differing, steps] = [0, 0, 0];
  for (let i = 0; i < 3; i++) {
    const feeds = feedsOf(model, 10 + i);
    const actual = Object.values(await session.run(feeds))[0]!.floats();
    const output = expected.graph.outputs[0]!;
    const wanted = evaluate(expected.graph, new Map(Object.entries(feeds)), { arithmetic })
      .get(output.name)!
      .floats();
    const scale = model.graph.outputs[0]!.producer!.inputs[1]!.initializer!.floats()[0]!;
    for (const [at, value] of actual.entries()) {
      const difference = Math.round(Math.abs(value - wanted[at]!) / scale);
      values++;
      if (difference > 0) differing++;
      steps = Math.max(steps, difference);
    }
  }
  await session.release();
  return { values, differing, steps };
}

/**
 * Integer kernels round a float32 multiple of the accumulator, QuantizeLinear a quotient: where both are almost halfway
 * between two codes they may take different ones.
 */
const rarely = 1 / 2000;

describe.each(Object.keys(quantizedGraphs) as (keyof typeof quantizedGraphs)[])("%s on codes", (name) => {
  test("gives on ONNX Runtime what the interpreter gives, up to a rare last step", async () => {
    const { model } = await quantized(quantizedGraphs[name]);
    const { values, differing, steps } = await compare(model, model);
    expect(steps).toBeLessThanOrEqual(1);
    expect(differing / values).toBeLessThan(rarely);
  });

  test("gives on ONNX Runtime what fake quantization predicted, up to a rare last step", async () => {
    const { model, prepared } = await quantized(quantizedGraphs[name]);
    const { values, differing, steps } = await compare(model, prepared);
    expect(steps).toBeLessThanOrEqual(1);
    expect(differing / values).toBeLessThan(rarely);
  });
});
