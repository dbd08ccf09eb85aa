import { tensorOf } from "../arrays/elements.ts";
import { sizeOf, stridesOf } from "../arrays/indices.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { roundHalfEven } from "../rounding.ts";
import { cubicKernel } from "./resize.ts";

/** Samples one plane at a position given per axis, outermost first. */
type Sampler = (plane: Float64Array, position: readonly number[]) => number;

/** Reflects a coordinate into `[low, high]` as often as needed. */
function reflect(x: number, low: number, high: number): number {
  const range = high - low;
  if (range <= 0) return low;
  const folded = (((x - low) % (2 * range)) + 2 * range) % (2 * range);
  return low + (folded > range ? 2 * range - folded : folded);
}

function samplerOf(call: KernelCall, spatial: readonly number[]): Sampler {
  const mode = call.node.string("mode", "linear");
  const padding = call.node.string("padding_mode", "zeros");
  const align = call.node.int("align_corners", 0) === 1;
  const strides = stridesOf(spatial);
  const into = (x: number, axis: number): number => {
    const length = spatial[axis]!;
    if (padding === "border") return Math.max(0, Math.min(length - 1, x));
    return padding === "reflection" ? reflect(x, align ? 0 : -0.5, align ? length - 1 : length - 0.5) : x;
  };
  /** The pixel at whole coordinates, which may lie outside. */
  const pixel = (plane: Float64Array, index: readonly number[]): number => {
    let place = 0;
    for (const [axis, raw] of index.entries()) {
      const i = Math.round(into(raw, axis));
      if (i < 0 || i >= spatial[axis]!) return 0;
      place += i * strides[axis]!;
    }
    return plane[place]!;
  };
  /** Sum over the neighbours `floor(x) + from … floor(x) + to` of every axis, weighted by a kernel. */
  const weighted =
    (from: number, to: number, kernel: (distance: number) => number): Sampler =>
    (plane, position) => {
      let sum = 0;
      const visit = (axis: number, index: readonly number[], weight: number): void => {
        if (axis === position.length) {
          sum += weight * pixel(plane, index);
          return;
        }
        const base = Math.floor(position[axis]!);
        for (let k = from; k <= to; k++) {
          const own = kernel(position[axis]! - (base + k));
          if (own !== 0) visit(axis + 1, [...index, base + k], weight * own);
        }
      };
      visit(0, [], 1);
      return sum;
    };
  switch (mode) {
    case "nearest":
      return (plane, position) => pixel(plane, position.map(roundHalfEven));
    case "linear":
    case "bilinear": {
      const sample = weighted(0, 1, (distance) => Math.max(0, 1 - Math.abs(distance)));
      return (plane, position) => sample(plane, position.map(into));
    }
    case "cubic":
    case "bicubic":
      return weighted(-1, 2, (distance) => cubicKernel(-0.75, distance));
    default:
      return call.fail(`mode "${mode}" is unknown`);
  }
}

/** Samples X at the grid's positions, which are normalized to [-1, 1] and list the innermost axis first. */
const gridSample: Kernel = (call) => {
  const [x, grid] = [call.tensor(0), call.tensor(1)];
  const spatial = x.dims.slice(2);
  const rank = spatial.length;
  if (grid.dims.length !== rank + 2 || grid.dims.at(-1) !== rank) {
    call.fail(`grid [${grid.dims.join(",")}] does not address [${x.dims.join(",")}]`);
  }
  const align = call.node.int("align_corners", 0) === 1;
  const sample = samplerOf(call, spatial);
  const [batch, channels] = x.dims as [number, number];
  const plane = sizeOf(spatial);
  const points = sizeOf(grid.dims.slice(1, -1));
  const elements = x.numbers();
  const coordinates = grid.numbers();
  const y = new Float64Array(batch * channels * points);
  for (let n = 0; n < batch; n++) {
    for (let point = 0; point < points; point++) {
      const position = spatial.map((length, axis) => {
        const g = coordinates[(n * points + point) * rank + (rank - 1 - axis)]!;
        return align ? ((g + 1) / 2) * (length - 1) : ((g + 1) * length - 1) / 2;
      });
      for (let c = 0; c < channels; c++) {
        const start = (n * channels + c) * plane;
        y[(n * channels + c) * points + point] = sample(elements.subarray(start, start + plane), position);
      }
    }
  }
  return tensorOf(x.dtype, [batch, channels, ...grid.dims.slice(1, -1)], y);
};

/** Normalized positions of a grid under affine maps `theta [N, rank, rank + 1]`. */
const affineGrid: Kernel = (call) => {
  const [theta, size] = [call.tensor(0), call.tensor(1).numbers()];
  const align = call.node.int("align_corners", 0) === 1;
  const spatial = [...size.subarray(2)];
  const rank = spatial.length;
  const batch = size[0]!;
  const matrix = theta.numbers();
  const strides = stridesOf(spatial);
  const points = sizeOf(spatial);
  const grid = new Float64Array(batch * points * rank);
  for (let i = 0; i < batch * points; i++) {
    const [n, point] = [Math.floor(i / points), i % points];
    // The innermost axis comes first in the coordinates, and 1 last.
    const base = spatial
      .map((length, axis) => {
        const index = Math.floor(point / strides[axis]!) % length;
        if (align) return length === 1 ? 0 : -1 + (2 * index) / (length - 1);
        return -1 + (2 * index + 1) / length;
      })
      .toReversed();
    for (let row = 0; row < rank; row++) {
      const at = (n * rank + row) * (rank + 1);
      grid[i * rank + row] = base.reduce((sum, x, k) => sum + matrix[at + k]! * x, matrix[at + rank]!);
    }
  }
  return tensorOf(theta.dtype, [batch, ...spatial, rank], grid);
};

/** Sampling at arbitrary positions. */
export const gridSampleKernels = {
  GridSample: gridSample,
  AffineGrid: affineGrid,
} satisfies Readonly<Record<string, Kernel>>;
