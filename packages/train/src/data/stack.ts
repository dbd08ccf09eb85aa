import { invariant, Tensor, type TypedArray } from "@lowbit/ir";

/** Tensors of one shape as one tensor with a new first axis. */
export function stack(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  invariant(first, "stack of no tensors");
  if (tensors.length === 1) return first.reshape([1, ...first.dims]);
  const all = arrayLike(first.typed(), first.size * tensors.length);
  tensors.forEach((tensor, index) => {
    invariant(tensor.size === first.size, `stack: ${tensor.size} elements beside ${first.size}`);
    all.set(tensor.typed() as never, index * first.size);
  });
  return Tensor.fromTyped(first.dtype, [tensors.length, ...first.dims], all);
}

/** A zeroed typed array of the same class as another. */
export function arrayLike(array: TypedArray, length: number): TypedArray {
  const Class = array.constructor as new (length: number) => TypedArray;
  return new Class(length);
}
