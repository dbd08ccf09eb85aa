import type { Tensor } from "@lowbit/ir";

/**
 * Whether a tensor holds neither NaN nor an infinity.
 *
 * @param atMost how many elements to look at, evenly spread. Default: all
 */
export function isFinite(tensor: Tensor, atMost = Infinity): boolean {
  if (tensor.dtype !== "float") return true;
  const data = tensor.floats();
  const step = Math.max(1, Math.ceil(data.length / atMost));
  for (let i = 0; i < data.length; i += step) if (!Number.isFinite(data[i])) return false;
  return true;
}
