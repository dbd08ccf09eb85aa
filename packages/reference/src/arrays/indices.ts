/** The largest tensor the interpreter makes: 2^27 elements, one GiB of float64. */
const maxElements = 2 ** 27;

/**
 * Number of elements of static dimensions.
 *
 * @throws RangeError when they are not dimensions, or too many for the interpreter: kernels size their results with it,
 *   and the interpreter reports it as `reference/invalid-node`
 */
export function sizeOf(dims: readonly number[]): number {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size <= maxElements && dims.every((dim) => Number.isInteger(dim) && dim >= 0)) return size;
  throw new RangeError(`a tensor [${dims.join(",")}] is more than the interpreter makes (${maxElements} elements)`);
}

/** Distance in elements between neighbours along each axis of a dense row-major array. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = Array.from(dims, () => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!;
  return strides;
}

/**
 * The places `offset + Σ index[a]·strides[a]` of all indices of `dims` in row-major order.
 *
 * Most data movement is one call: permuted strides transpose, zero strides broadcast, scaled strides slice.
 */
export function stridedIndices(dims: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const places = new Int32Array(sizeOf(dims));
  if (places.length === 0) return places;
  places[0] = offset;
  let filled = 1;
  // Each axis, innermost first, repeats the block found so far, shifted by its stride.
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const block = filled;
    for (let i = 1; i < dims[axis]!; i++) {
      const shift = i * strides[axis]!;
      for (let k = 0; k < block; k++) places[filled++] = places[k]! + shift;
    }
  }
  return places;
}

/** The shape numpy broadcasting gives; null when two dimensions cannot meet. */
export function broadcastDims(...shapes: readonly (readonly number[])[]): number[] | null {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const dims: number[] = Array.from({ length: rank }, () => 1);
  for (const shape of shapes) {
    for (const [i, dim] of shape.entries()) {
      const axis = rank - shape.length + i;
      if (dims[axis] === 1) dims[axis] = dim;
      else if (dim !== 1 && dim !== dims[axis]) return null;
    }
  }
  return dims;
}

/** For each element of a broadcast result, the place of the operand's element it reads. */
export function broadcastIndices(dims: readonly number[], result: readonly number[]): Int32Array {
  const missing = result.length - dims.length;
  const own = stridesOf(dims);
  const strides = result.map((_, axis) => (axis < missing || dims[axis - missing] === 1 ? 0 : own[axis - missing]!));
  return stridedIndices(result, strides);
}

/** Whether two shapes are the same. */
export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}
