import { Tensor } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";

/** The samples of a batch: the first dimension of its first tensor. */
export function samplesOf(feeds: Feeds): number {
  return Object.values(feeds)[0]?.dims[0] ?? 1;
}

/** A batch without its first samples, where all its tensors have as many; otherwise the whole batch. */
export function withoutFirst(feeds: Feeds, count: number): Feeds {
  const size = samplesOf(feeds);
  if (Object.values(feeds).some(({ dims }) => dims[0] !== size)) return feeds;
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, rows(tensor, count, size)]));
}

/** Some indices of the first axis. */
function rows(tensor: Tensor, from: number, to: number): Tensor {
  const bytes = tensor.bytes();
  const perRow = bytes.length / tensor.dims[0]!;
  return Tensor.fromBytes(tensor.dtype, [to - from, ...tensor.dims.slice(1)], bytes.slice(from * perRow, to * perRow));
}
