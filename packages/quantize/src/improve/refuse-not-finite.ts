import type { Model, Value } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { findNotFinite, type Place } from "../calibrate/find-not-finite.ts";

/**
 * Throws about the first value of a model that is not finite in a batch, if one is: without it, improvers would put what is
 * no number into weights and biases.
 *
 * @throws CompileError `quantize/not-finite`
 */
export async function refuseNotFinite(model: Model, feeds: Feeds, place: Place): Promise<void> {
  const bad = await findNotFinite(model, floatValues(model), feeds, place);
  if (bad) throw bad;
}

/** The inputs and results of a graph's nodes that are floats, in its order. */
function floatValues({ graph }: Model): readonly Value[] {
  const results = [...graph.nodes].flatMap((node) => node.outputs);
  return [...graph.inputs, ...results].filter((value) => value !== null).filter(({ dtype }) => dtype === "float");
}
