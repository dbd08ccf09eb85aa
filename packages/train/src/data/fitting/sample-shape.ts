import { elementCount, type Dim, type Shape } from "@lowbit/ir";

/** Dimensions that samples of `dims` take so that an input of `wanted` accepts them, or why there are none. */
export type FittedShape = { readonly dims: readonly number[] } | { readonly reason: string };

/**
 * Finds the form in which samples fit an input, samples axis apart on both sides: as they are, or with the same elements
 * under other dimensions where no element can end up in another place than meant.
 */
export function fitSampleShape(dims: readonly number[], wanted: Shape): FittedShape {
  if (dims.length === wanted.length && dims.every((dim, axis) => accepts(wanted[axis]!, dim))) return { dims };
  const known = elementCount(wanted);
  const count = elementCount(dims)!;
  if (known === null) {
    const filled = withUnitAxes(dims, wanted);
    return filled ? { dims: filled } : { reason: "the shapes differ" };
  }
  if (known !== count) return { reason: `${count} ${count === 1 ? "element" : "elements"} per sample, not ${known}` };
  const fixed = wanted as readonly number[];
  const [from, to] = [dims, fixed].map((shape) => shape.filter((dim) => dim !== 1)) as [number[], number[]];
  if (isPermutation(from, to)) return { reason: "the axes are in another order; transpose the data" };
  return { dims: fixed };
}

function accepts(wanted: Dim, dim: number): boolean {
  return typeof wanted !== "number" || wanted === dim;
}

/** `dims` with axes of one element added where `wanted` asks for them. */
function withUnitAxes(dims: readonly number[], wanted: Shape): number[] | null {
  const filled: number[] = [];
  let at = 0;
  for (const [axis, dim] of wanted.entries()) {
    const left = dims.length - at;
    const next = dims[at];
    if (next !== undefined && accepts(dim, next) && !(dim === 1 && left < wanted.length - axis)) {
      filled.push(next);
      at++;
    } else if (dim === 1) filled.push(1);
    else return null;
  }
  return at === dims.length ? filled : null;
}

/** Whether the axes are the same in another order, as [H, W, C] and [C, H, W] are. */
function isPermutation(from: readonly number[], to: readonly number[]): boolean {
  const sorted = (shape: readonly number[]): string => shape.toSorted((a, b) => a - b).join();
  return from.join() !== to.join() && sorted(from) === sorted(to);
}
