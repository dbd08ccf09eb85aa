import { MessageChannel } from "node:worker_threads";
import type { Tensor } from "@lowbit/ir";

const nowhere = new MessageChannel().port1;
nowhere.close();

/** Frees memory at once, by sending it nowhere: garbage collection would let much of it pile up. */
export function freeMemory(memory: readonly ArrayBufferLike[]): void {
  const buffers = memory.filter((buffer) => buffer instanceof ArrayBuffer);
  nowhere.postMessage(null, [...new Set(buffers)]);
}

/**
 * Frees the memory of results of a session at once. Nobody may look at these tensors again, nor at others over the same
 * memory.
 */
export function freeTensors(tensors: Iterable<Tensor>): void {
  freeMemory([...tensors].filter(({ strings }) => strings === null).map((tensor) => tensor.bytes().buffer));
}
