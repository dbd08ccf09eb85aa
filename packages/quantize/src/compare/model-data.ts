import type { Node, Tensor, Value } from "@lowbit/ir";
import { evaluateNode } from "@lowbit/reference";

/** What the values of a graph hold that depend on nothing but data of the model: constants, and what is computed of them. */
export class ModelData {
  readonly #known = new Map<Value, Tensor | null>();

  /** What a value holds; null where only a run tells, or no interpreter kernel computes it. */
  of(value: Value): Tensor | null {
    const found = this.#known.get(value);
    if (found !== undefined) return found;
    const data = value.initializer && !value.isGraphInput ? value.initializer : this.#computed(value);
    this.#known.set(value, data);
    return data;
  }

  #computed(value: Value): Tensor | null {
    const { producer } = value;
    if (!producer) return value.initializer;
    if (producer.is("Constant")) return producer.tensor("value");
    if (producer.is("Identity")) return this.of(producer.input);
    const inputs = producer.inputs.map((each) => each && this.of(each));
    if (inputs.length === 0 || inputs.some((each, i) => each === null && producer.inputs[i] !== null)) return null;
    return evaluated(producer, inputs, value.outputIndex);
  }
}

function evaluated(node: Node, inputs: readonly (Tensor | null)[], output: number): Tensor | null {
  try {
    return evaluateNode(node, inputs)[output] ?? null;
  } catch {
    // An op of another opset or domain: then its result is not known here.
    return null;
  }
}
