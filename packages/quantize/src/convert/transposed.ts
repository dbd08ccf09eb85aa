import { Tensor } from "@lowbit/ir";

/** A matrix with its axes exchanged; other tensors as they are. */
export function transposed(tensor: Tensor): Tensor {
  if (tensor.dims.length !== 2) return tensor;
  const [rows, columns] = tensor.dims as [number, number];
  const numbers = tensor.numbers();
  const turned = numbers.map((_, i) => numbers[(i % rows) * columns + Math.floor(i / rows)]!);
  return Tensor.of(tensor.dtype, turned, [columns, rows]);
}
