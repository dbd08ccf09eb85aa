import { tensorOf } from "../arrays/elements.ts";
import type { Kernel } from "../kernel.ts";

/** The value at a fractional position of a plane; 0 one element or more outside. */
function bilinear(plane: Float64Array, height: number, width: number, y: number, x: number): number {
  if (y < -1 || y > height || x < -1 || x > width) return 0;
  const [top, left] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1)];
  const [y0, x0] = [Math.floor(top), Math.floor(left)];
  const [y1, x1] = [Math.min(y0 + 1, height - 1), Math.min(x0 + 1, width - 1)];
  const [fy, fx] = [top - y0, left - x0];
  return (
    (1 - fy) * ((1 - fx) * plane[y0 * width + x0]! + fx * plane[y0 * width + x1]!) +
    fy * ((1 - fx) * plane[y1 * width + x0]! + fx * plane[y1 * width + x1]!)
  );
}

/** Mean or maximum of a grid of bilinear samples in each bin of each region. */
const roiAlign: Kernel = (call) => {
  const [x, rois, batchIndices] = [call.tensor(0), call.tensor(1), call.tensor(2).numbers()];
  const { node } = call;
  const [, channels, height, width] = x.dims as [number, number, number, number];
  const [outHeight, outWidth] = [node.int("output_height", 1), node.int("output_width", 1)];
  const scale = node.float("spatial_scale", 1);
  const halfPixel = node.string("coordinate_transformation_mode", "half_pixel") === "half_pixel";
  const offset = halfPixel ? 0.5 : 0;
  const sampling = node.int("sampling_ratio", 0);
  const largest = node.string("mode", "avg") === "max";
  const elements = x.numbers();
  const boxes = rois.numbers();
  const y = new Float64Array(rois.dims[0]! * channels * outHeight * outWidth);
  for (let roi = 0; roi < rois.dims[0]!; roi++) {
    const [x1, y1, x2, y2] = [0, 1, 2, 3].map((i) => boxes[roi * 4 + i]! * scale - offset) as [
      number,
      number,
      number,
      number,
    ];
    const smallest = halfPixel ? 0 : 1;
    const binHeight = Math.max(y2 - y1, smallest) / outHeight;
    const binWidth = Math.max(x2 - x1, smallest) / outWidth;
    const rows = sampling > 0 ? sampling : Math.ceil(binHeight);
    const columns = sampling > 0 ? sampling : Math.ceil(binWidth);
    for (let c = 0; c < channels; c++) {
      const start = (batchIndices[roi]! * channels + c) * height * width;
      const plane = elements.subarray(start, start + height * width);
      for (let bin = 0; bin < outHeight * outWidth; bin++) {
        const top = y1 + Math.floor(bin / outWidth) * binHeight;
        const left = x1 + (bin % outWidth) * binWidth;
        let sum = 0;
        let max = -Infinity;
        for (let i = 0; i < rows * columns; i++) {
          const sy = top + ((Math.floor(i / columns) + 0.5) * binHeight) / rows;
          const sx = left + (((i % columns) + 0.5) * binWidth) / columns;
          const sample = bilinear(plane, height, width, sy, sx);
          sum += sample;
          max = Math.max(max, sample);
        }
        const count = Math.max(1, rows * columns);
        y[(roi * channels + c) * outHeight * outWidth + bin] = largest ? max : sum / count;
      }
    }
  }
  return tensorOf(x.dtype, [rois.dims[0]!, channels, outHeight, outWidth], y);
};

/** The largest element in each whole-pixel bin of each region `(batch, x1, y1, x2, y2)`. */
const maxRoiPool: Kernel = (call) => {
  const [x, rois] = [call.tensor(0), call.tensor(1)];
  const [, channels, height, width] = x.dims as [number, number, number, number];
  const [outHeight, outWidth] = call.node.ints("pooled_shape", []) as readonly [number, number];
  const scale = call.node.float("spatial_scale", 1);
  const elements = x.numbers();
  const boxes = rois.numbers();
  const y = new Float64Array(rois.dims[0]! * channels * outHeight * outWidth);
  const limit = (value: number, end: number): number => Math.max(0, Math.min(end, value));
  for (let i = 0; i < y.length; i++) {
    const [column, row] = [i % outWidth, Math.floor(i / outWidth) % outHeight];
    const c = Math.floor(i / (outWidth * outHeight)) % channels;
    const roi = Math.floor(i / (outWidth * outHeight * channels)) * 5;
    const [x1, y1, x2, y2] = [1, 2, 3, 4].map((k) => Math.round(boxes[roi + k]! * scale)) as [
      number,
      number,
      number,
      number,
    ];
    const binHeight = Math.max(y2 - y1 + 1, 1) / outHeight;
    const binWidth = Math.max(x2 - x1 + 1, 1) / outWidth;
    const start = (boxes[roi]! * channels + c) * height * width;
    let max = -Infinity;
    for (
      let h = limit(Math.floor(row * binHeight) + y1, height);
      h < limit(Math.ceil((row + 1) * binHeight) + y1, height);
      h++
    ) {
      for (
        let w = limit(Math.floor(column * binWidth) + x1, width);
        w < limit(Math.ceil((column + 1) * binWidth) + x1, width);
        w++
      ) {
        max = Math.max(max, elements[start + h * width + w]!);
      }
    }
    y[i] = max === -Infinity ? 0 : max;
  }
  return tensorOf(x.dtype, [rois.dims[0]!, channels, outHeight, outWidth], y);
};

/** Pools over regions of images. */
export const regionKernels = {
  RoiAlign: roiAlign,
  MaxRoiPool: maxRoiPool,
} satisfies Readonly<Record<string, Kernel>>;
