import { isInteger, typeText, type Graph, type Value } from "@lowbit/ir";
import { inputsDiffer, inputTypeDiffers, noCommonOutput } from "./diagnostics.ts";

/**
 * The input of the other graph for each input of the first: by name, or where no name fits, by their order.
 *
 * @throws CompileError `compare/inputs`
 */
export function matchedInputs(graph: Graph, other: Graph): ReadonlyMap<Value, Value> {
  const [own, others] = [asked(graph), asked(other)];
  const areNamed = own.length === others.length && own.every(({ name }) => others.some((each) => each.name === name));
  if (!areNamed && (own.length !== others.length || own.length !== 1)) {
    throw inputsDiffer(own.map(portText), others.map(portText));
  }
  return new Map(
    own.map((value): [Value, Value] => {
      const match = areNamed ? others.find(({ name }) => name === value.name)! : others[0]!;
      if (!fits(value, match)) throw inputTypeDiffers(portText(value), portText(match));
      return [value, match];
    }),
  );
}

/** Results of both graphs: by name, otherwise by their order. @throws CompileError `compare/outputs` */
export function matchedOutputs(
  graph: Graph,
  other: Graph,
): readonly { readonly name: string; readonly other: string }[] {
  const named = graph.outputs.filter(({ name }) => other.outputs.some((each) => each.name === name));
  const pairs =
    named.length > 0
      ? named.map((value) => [value, other.outputs.find(({ name }) => name === value.name)!] as const)
      : graph.outputs.slice(0, other.outputs.length).map((value, i) => [value, other.outputs[i]!] as const);
  const floats = pairs.filter((pair) => pair.every(({ dtype }) => dtype === null || !isInteger(dtype)));
  if (floats.length === 0) throw noCommonOutput(graph.outputs.map(portText), other.outputs.map(portText));
  return floats.map(([a, b]) => ({ name: a.name, other: b.name }));
}

function asked(graph: Graph): readonly Value[] {
  return graph.inputs.filter(({ initializer }) => !initializer);
}

/** Whether both take the same tensors, as far as their sizes are known. */
function fits(a: Value, b: Value): boolean {
  if (a.dtype !== b.dtype) return false;
  if (!a.shape || !b.shape) return true;
  const shape = b.shape;
  return (
    a.shape.length === shape.length &&
    a.shape.every((dim, i) => typeof dim !== "number" || typeof shape[i] !== "number" || dim === shape[i])
  );
}

function portText({ name, type }: Value): string {
  return `"${name}" ${typeText(type)}`;
}
