import type { Unit } from "@lowbit/backend-kit";
import { onlyReader, type Node, type Value } from "@lowbit/ir";

/** Activations without a kernel on codes that ONNX Runtime's float convolution takes in, for nothing. */
const taken: ReadonlySet<string> = new Set(["HardSigmoid", "HardSwish", "Tanh"]);

/** The activation that a unit's convolution takes in where it runs in float, and that stands between conversions where it does not. */
export function takenActivation(unit: Unit): Node | null {
  const result = unit.results[0]!;
  if (unit.anchor.op !== "Conv" || unit.weight === null || result.producer !== unit.anchor) return null;
  const reader = onlyReader(result);
  return reader?.domain === "" && taken.has(reader.op) ? reader : null;
}

/** What a unit hands on: its results, or those of the activation it takes in. */
export function handedOn(unit: Unit): readonly Value[] {
  const activation = takenActivation(unit);
  return activation ? [activation.output] : unit.results;
}
