import { Tensor, type TypedArray } from "@lowbit/ir";
import { countMismatch } from "../diagnostics.ts";
import type { Batch, BatchOptions, Dataset } from "./dataset.ts";
import { shuffledIndices } from "./random.ts";
import { arrayLike } from "./stack.ts";

/**
 * A data set held in memory: tensors whose first axis is the samples, by model input, as the model and the loss take them.
 *
 * @throws CompileError `data/count`
 */
export function arrays(inputs: Readonly<Record<string, Tensor>>, target?: Tensor): Dataset {
  const size = Object.values(inputs)[0]?.dims[0] ?? 0;
  for (const [name, tensor] of [...Object.entries(inputs), ...(target ? [["the target", target] as const] : [])]) {
    const count = tensor.dims[0] ?? 1;
    if (count !== size) throw countMismatch(size, count, name, "arrays");
  }
  return {
    size,
    hasTargets: target !== undefined,
    async *batches(options: BatchOptions): AsyncIterable<Batch> {
      const count = Math.min(size, options.samples ?? size);
      const order = options.shuffle === undefined ? null : shuffledIndices(size, options.shuffle);
      for (let start = 0; start < count; start += options.batch) {
        const taken = Math.min(options.batch, count - start);
        const pick = (tensor: Tensor): Tensor => takeSamples(tensor, order, start, taken);
        yield {
          inputs: Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, pick(tensor)])),
          ...(target ? { target: pick(target) } : {}),
          size: taken,
        };
      }
    },
  };
}

/** Samples `order[start] …` of a tensor (its own order when null), copied unless they are consecutive. */
export function takeSamples(tensor: Tensor, order: Uint32Array | null, start: number, count: number): Tensor {
  const dims = [count, ...tensor.dims.slice(1)];
  const stride = tensor.size / tensor.dims[0]!;
  const all = tensor.typed();
  if (!order)
    return Tensor.fromTyped(tensor.dtype, dims, all.subarray(start * stride, (start + count) * stride) as TypedArray);
  const picked = arrayLike(all, count * stride);
  for (let i = 0; i < count; i++) {
    const from = order[start + i]! * stride;
    picked.set(all.subarray(from, from + stride) as never, i * stride);
  }
  return Tensor.fromTyped(tensor.dtype, dims, picked);
}
