import { onlyReader, Tensor, type Node } from "@lowbit/ir";
import type { CodeGrid } from "../analyze/code-statistics.ts";
import type { ModelData } from "./model-data.ts";

/** Nodes that put pixels back in a row which a convolution computes as channels, from the one that reads its result on. */
export type PixelsInRow = readonly [last: Node, image: Node, first: Node];

/** What puts the channels of an image back in a row as pixels, beginning with a node that reads it; null for other readers. */
export function pixelsInRow(reader: Node | null): PixelsInRow | null {
  if (!reader?.is("Transpose") || reader.ints("perm", []).join() !== "0,2,3,1") return null;
  const image = onlyReader(reader.output);
  const first = image?.is("Reshape") ? onlyReader(image.output) : null;
  return image && first?.is("Transpose") && first.ints("perm", []).join() === "0,3,1,2" ? [reader, image, first] : null;
}

/**
 * Weights [outputs, channels, rows, columns] of a convolution that computes pixels of a row as channels, as many at once as its result has more
 * channels than the image behind; null for other convolutions.
 *
 * @param weight as the convolution has it: the filters for each pixel, in a window as much wider as the pixels lie apart
 */
export function withPixelsBack(convolution: Node, weight: Tensor, data: ModelData): Tensor | null {
  const [all = 1, channels = 1, rows = 1, wide = 1] = weight.dims;
  const outputs = outputsOf(convolution, data);
  const stride = convolution.ints("strides", [1, 1]).at(-1) as number;
  if (weight.dims.length !== 4 || outputs === null || all % outputs !== 0) return null;
  const pixels = all / outputs;
  const columns = wide - (pixels - 1) * (stride / pixels);
  if (pixels === 1 || stride % pixels !== 0 || columns < 1) return null;
  const first = weight.numbers().slice(0, outputs * channels * rows * wide);
  return Tensor.of(
    weight.dtype,
    first.filter((_, i) => i % wide < columns),
    [outputs, channels, rows, columns],
  );
}

/** The grid of the first channels, where there is a scale for each; the others repeat them. */
export function gridOfFirst(grid: CodeGrid, channels: number): CodeGrid {
  if (grid.axis === null || grid.scale.length <= channels) return grid;
  return { ...grid, scale: grid.scale.slice(0, channels), zeroPoint: grid.zeroPoint.slice(0, channels) };
}

/** Channels of the image that a convolution's result is put back to; null where it stays. */
function outputsOf({ output }: Node, data: ModelData): number | null {
  const reader = onlyReader(output);
  const inRow = pixelsInRow(reader?.is("QuantizeLinear") ? onlyReader(reader.output) : reader);
  const dims = inRow?.[1].inputs[1] && data.of(inRow[1].inputs[1]);
  return dims?.size === 4 ? Number(dims.numbers()[3]) : null;
}
