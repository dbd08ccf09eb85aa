import { invariant, Tensor } from "@lowbit/ir";
import type { TrainState } from "./state.ts";

/** Where tensors are that stayed behind: on the thread of a session that goes on with them. */
export interface StateHolder {
  /** Of each tensor it holds, by slot, at most so many elements, evenly spread. */
  sample(atMost: number): Promise<ReadonlyMap<string, Tensor>>;
  /** Puts what it holds into a state in the place of what stands for it; it holds nothing any more. */
  giveBack(state: TrainState): Promise<void>;
}

const holders = new WeakMap<Tensor, StateHolder>();

/** Stands for a tensor of a state that `holder` has; it cannot be read. */
export function heldTensor(slot: string, like: Tensor, holder: StateHolder): Tensor {
  const read = (): never => {
    throw new Error(`"${slot}" stayed with the training step that goes on with it: settle(state) brings it back`);
  };
  const tensor = new Tensor(like.dtype, like.dims, { byteLength: like.source.byteLength, read });
  holders.set(tensor, holder);
  return tensor;
}

/** Brings all tensors of a state back that stayed with a training step, so that they can be read. */
export async function settle(state: TrainState): Promise<void> {
  for (const holder of holdersOf(state)) await holder.giveBack(state);
  invariant(holdersOf(state).size === 0, "a training step has moved on from the state that is to be settled");
}

/** A state of which tensors that stayed with a training step are at most so many of their elements, evenly spread. */
export async function sampled(state: TrainState, atMost: number): Promise<ReadonlyMap<string, Tensor>> {
  const samples = new Map(state);
  for (const holder of holdersOf(state)) {
    for (const [name, sample] of await holder.sample(atMost)) samples.set(name, sample);
  }
  return samples;
}

function holdersOf(state: TrainState): ReadonlySet<StateHolder> {
  return new Set([...state.values()].flatMap((tensor) => holders.get(tensor) ?? []));
}
