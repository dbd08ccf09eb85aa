import { cloneGraph, elementCount, GraphEditor, Tensor, type Graph } from "@lowbit/ir";
import type { StateSlot } from "../step/assign.ts";

/** The tensors a step carries on, by slot name; some slots hold several tensors of the model packed together. */
export type TrainState = Map<string, Tensor>;

/** Training state by the names of the model's own initializers, and of the optimizer's memory of each. */
export type NamedState = ReadonlyMap<string, Tensor>;

/** The state that a step's slots begin with, where `named` does not say otherwise. */
export function packState(slots: readonly StateSlot[], named: NamedState): TrainState {
  return new Map(slots.map((slot) => [slot.name, packSlot(slot, named)]));
}

function packSlot(slot: StateSlot, named: NamedState): Tensor {
  const [only] = slot.parts;
  if (slot.parts.length === 1) return (named.get(only!.name) ?? slot.initial).reshape(slot.initial.dims);
  const data = slot.initial.floats().slice();
  for (const part of slot.parts) {
    const tensor = named.get(part.name);
    if (tensor) data.set(tensor.floats(), part.offset);
  }
  return Tensor.fromTyped("float", slot.initial.dims, data);
}

/** What the slots hold, each tensor under its own name and in memory of its own: steps give theirs away. */
export function unpackState(slots: readonly StateSlot[], state: TrainState): NamedState {
  const named = new Map<string, Tensor>();
  for (const slot of slots) {
    const tensor = state.get(slot.name)!;
    const [only] = slot.parts;
    if (slot.parts.length === 1) named.set(only!.name, copyOf(tensor.reshape(only!.dims)));
    else {
      const data = tensor.floats();
      for (const { name, offset, dims } of slot.parts) {
        named.set(name, Tensor.fromTyped("float", dims, data.slice(offset, offset + elementCount(dims)!)));
      }
    }
  }
  return named;
}

function copyOf(tensor: Tensor): Tensor {
  return Tensor.fromTyped(tensor.dtype, tensor.dims, tensor.typed().slice());
}

/** A copy of a graph whose initializers hold the values of a training state; the optimizer's memory finds no place in it. */
export function withState(graph: Graph, state: NamedState): Graph {
  const copy = cloneGraph(graph).graph;
  const editor = new GraphEditor(copy);
  for (const value of copy.initializers) {
    const tensor = state.get(value.name);
    if (tensor) editor.setInitializer(value, tensor);
  }
  return copy;
}
