import { Tensor } from "@lowbit/ir";
import { arrayLike } from "../stack.ts";

/** A tensor whose data lies with the first axis fastest, laid out row-major; dims stay. */
export function rowMajor(stored: Tensor): Tensor {
  const { dims, size } = stored;
  if (dims.filter((dim) => dim !== 1).length < 2) return stored;
  const from = stored.typed();
  const to = arrayLike(from, size);
  // The distance between neighbours along each axis, where the first axis is fastest.
  const strides: number[] = [];
  let stride = 1;
  for (const dim of dims) {
    strides.push(stride);
    stride *= dim;
  }
  const index = dims.map(() => 0);
  let at = 0;
  for (let i = 0; i < size; i++) {
    to[i] = from[at] as never;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      at -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return Tensor.fromTyped(stored.dtype, dims, to);
}
