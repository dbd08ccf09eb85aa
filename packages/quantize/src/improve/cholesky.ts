/**
 * The lower triangle L with A = L·Lᵀ of a symmetric positive definite matrix, row by row; null when A is not one.
 */
export function cholesky(a: Float64Array, size: number): Float64Array | null {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const rowI = i * size;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * size;
      let rest = a[rowI + j]!;
      for (let k = 0; k < j; k++) rest -= lower[rowI + k]! * lower[rowJ + k]!;
      if (i !== j) lower[rowI + j] = rest / lower[rowJ + j]!;
      else if (rest > 0) lower[rowI + j] = Math.sqrt(rest);
      else return null;
    }
  }
  return lower;
}

/**
 * The upper triangle U with A⁻¹ = Uᵀ·U, row by row; null when A is not positive definite. Row j of U tells, up to its
 * diagonal, how the columns behind j make up best for a change of column j.
 *
 * With P the reversal of the order and P·A·P = L·Lᵀ, U is P·L⁻¹·P.
 */
export function inverseUpper(a: Float64Array, size: number): Float64Array | null {
  const last = size * size - 1;
  const lower = cholesky(a.toReversed(), size);
  if (!lower) return null;
  // The columns of L⁻¹ one after another, so that both factors of each sum are read in the order of memory.
  const columns = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    const own = columns.subarray(column * size, (column + 1) * size);
    own[column] = 1 / lower[column * size + column]!;
    for (let row = column + 1; row < size; row++) {
      let sum = 0;
      for (let k = column; k < row; k++) sum += lower[row * size + k]! * own[k]!;
      own[row] = -sum / lower[row * size + row]!;
    }
  }
  const upper = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = row; column < size; column++) {
      upper[row * size + column] = columns[last - column * size - row]!;
    }
  }
  return upper;
}
