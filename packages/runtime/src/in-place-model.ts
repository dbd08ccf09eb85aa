import { GraphEditor, modelBytes, type Model } from "@lowbit/ir";
import { uncopiedOutput, type Expected } from "./results-in-place.ts";
import { toRuntimeType } from "./convert-tensor.ts";
import type { Feeds, Port } from "./feeds.ts";

/** A model's bytes with the output that `runInPlace` needs before all others; the model itself stays as it is. */
export function bytesInPlace(model: Model): Uint8Array {
  const editor = new GraphEditor(model.graph);
  const outputs = [...model.graph.outputs];
  const marker = editor.node("SequenceEmpty", [], {}, { outputs: [uncopiedOutput] });
  try {
    editor.setOutputs([marker.output, ...outputs]);
    return modelBytes(model);
  } finally {
    editor.setOutputs(outputs);
    editor.erase(marker);
  }
}

/**
 * Types and shapes of the results of a run, symbolic dimensions as what is fed has them; null where one stays unknown.
 *
 * @param feeds what is known of them
 */
export function expectedResults(
  inputs: readonly Port[],
  outputs: readonly Port[],
  feeds: Feeds,
): Readonly<Record<string, Expected>> | null {
  const sizes = new Map<number | string, number>();
  for (const { name, shape } of inputs) {
    const fed = feeds[name];
    if (fed) shape.forEach((dim, axis) => sizes.set(dim, fed.dims[axis]!));
  }
  const expected: Record<string, Expected> = {};
  for (const { name, dtype, shape } of outputs) {
    const dims = shape.map((dim) => (typeof dim === "number" ? dim : sizes.get(dim)));
    if (!dims.every((dim) => dim !== undefined)) return null;
    expected[name] = { type: toRuntimeType(dtype), dims };
  }
  return expected;
}
