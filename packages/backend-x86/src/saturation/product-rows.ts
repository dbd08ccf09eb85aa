import type { Node } from "@lowbit/ir";

/** The weights of a product as one row per output channel, in the order in which its kernel sums. */
export interface ProductRows {
  readonly count: number;
  readonly depth: number;
  /** Where the `k`-th weight of a row lies in the tensor. */
  at(row: number, k: number): number;
}

/**
 * The order in which ONNX Runtime's kernels for uint8 × int8 sum the products of Conv, Gemm and MatMul: along the rows of
 * a matrix; in a convolution kernel place by kernel place, all channels of a group at each. `exact` for depthwise
 * convolutions in two dimensions, whose kernel adds in 32 bits on every CPU; null for other ops, of which nothing is known.
 */
export function productRows(node: Node, dims: readonly number[]): ProductRows | "exact" | null {
  switch (node.op) {
    case "Conv": {
      const [count = 0, channels = 0, ...window] = dims;
      const isDepthwise = channels === 1 && node.int("group", 1) === count && window.length === 2;
      if (isDepthwise && count > 1) return "exact";
      const places = window.reduce((product, dim) => product * dim, 1);
      return {
        count,
        depth: places * channels,
        at: (row, k) => (row * channels + (k % channels)) * places + Math.floor(k / channels),
      };
    }
    case "Gemm":
      return node.int("transB", 0) === 1 ? rowMajor(dims) : columnMajor(dims);
    case "MatMul":
      return columnMajor(dims);
    default:
      return null;
  }
}

function rowMajor([count = 0, depth = 0]: readonly number[]): ProductRows {
  return { count, depth, at: (row, k) => row * depth + k };
}

function columnMajor([depth = 0, count = 0]: readonly number[]): ProductRows {
  return { count, depth, at: (row, k) => k * count + row };
}
