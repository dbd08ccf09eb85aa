import { seeded, type Model, type Tensor } from "@lowbit/ir";
import { evaluate, type IntegerArithmetic } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";

/** How far two results lie apart, in steps of the codes. */
export interface Agreement {
  readonly values: number;
  /** How many values differ by half a step or more. */
  readonly differing: number;
  /** The largest difference. */
  readonly steps: number;
}

/** Made-up inputs for a model with static shapes; the same index gives the same numbers. */
export function feedsOf(model: Model, index: number): Record<string, Tensor> {
  return Object.fromEntries(
    model.graph.inputs.map(({ name, shape }) => [name, seeded(`${name}${index}`, "float", shape as readonly number[])]),
  );
}

/**
 * Runs a lowered model on ONNX Runtime, and the same model as integer operators in the interpreter with a backend's
 * arithmetic, on inputs not calibrated with.
 */
export async function agreement(model: Model, integers: Model, arithmetic: IntegerArithmetic): Promise<Agreement> {
  const session = await Session.create(model);
  try {
    let [values, differing, steps] = [0, 0, 0];
    const output = model.graph.outputs[0]!;
    for (let index = 10; index < 13; index++) {
      const feeds = feedsOf(model, index);
      const actual = (await session.run(feeds, [output.name]))[output.name]!.floats();
      const wanted = evaluate(integers.graph, new Map(Object.entries(feeds)), { arithmetic })
        .get(output.name)!
        .floats();
      const step = stepOf(model, wanted);
      for (const [at, value] of actual.entries()) {
        const difference = Math.abs(value - wanted[at]!) / step;
        values++;
        if (difference >= 0.5) differing++;
        steps = Math.max(steps, Math.round(difference));
      }
    }
    return { values, differing, steps };
  } finally {
    await session.release();
  }
}

/** The scale of a result that comes as codes; for a float one, what the scale of 8-bit codes would be. */
function stepOf({ graph }: Model, values: Float32Array): number {
  const producer = graph.outputs[0]!.producer;
  const scale = producer?.is("DequantizeLinear") ? producer.inputs[1]!.initializer?.floats()[0] : undefined;
  return scale ?? Math.max(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127, 1e-6);
}
