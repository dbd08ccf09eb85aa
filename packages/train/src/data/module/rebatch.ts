import { Tensor } from "@lowbit/ir";
import { takeSamples } from "../arrays.ts";
import type { Batch } from "../dataset.ts";
import { arrayLike } from "../stack.ts";

/** The same samples in the same order in batches of another size; the last one may be smaller. */
export async function* rebatch(batches: AsyncIterable<Batch>, size: number, samples = Infinity): AsyncGenerator<Batch> {
  let pending: Batch[] = [];
  let waiting = 0;
  let left = samples;
  for await (const batch of batches) {
    for (let at = 0; at < batch.size && left > 0;) {
      const count = Math.min(size - waiting, batch.size - at, left);
      pending.push(count === batch.size ? batch : slice(batch, at, count));
      [at, waiting, left] = [at + count, waiting + count, left - count];
      if (waiting < size) continue;
      yield joined(pending);
      [pending, waiting] = [[], 0];
    }
    if (left === 0) break;
  }
  if (pending.length > 0) yield joined(pending);
}

function slice(batch: Batch, start: number, count: number): Batch {
  return map([batch], count, ([tensor]) => takeSamples(tensor!, null, start, count));
}

function joined(parts: readonly Batch[]): Batch {
  if (parts.length === 1) return parts[0]!;
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return map(parts, size, concatenate);
}

/** Applies a function to the tensors that batches have under the same name. */
function map(parts: readonly Batch[], size: number, change: (tensors: readonly Tensor[]) => Tensor): Batch {
  const names = Object.keys(parts[0]!.inputs);
  return {
    inputs: Object.fromEntries(names.map((name) => [name, change(parts.map((part) => part.inputs[name]!))])),
    ...(parts[0]!.target ? { target: change(parts.map((part) => part.target!)) } : {}),
    size,
  };
}

function concatenate(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors as readonly [Tensor, ...Tensor[]];
  const arrays = tensors.map((tensor) => tensor.typed());
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const all = arrayLike(arrays[0]!, length);
  let at = 0;
  for (const array of arrays) {
    all.set(array as never, at);
    at += array.length;
  }
  const samples = tensors.reduce((sum, tensor) => sum + tensor.dims[0]!, 0);
  return Tensor.fromTyped(first.dtype, [samples, ...first.dims.slice(1)], all);
}
