import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import type { Kernel } from "../kernel.ts";
import { perAxis } from "../window.ts";

/** Adds up columns `[N, C·block, L]` where their sliding blocks lie in the image. */
const col2Im: Kernel = (call) => {
  const x = call.tensor(0);
  const image = [...call.tensor(1).numbers()];
  const block = [...call.tensor(2).numbers()];
  const rank = image.length;
  const strides = perAxis(call, "strides", rank, 1);
  const dilations = perAxis(call, "dilations", rank, 1);
  const pads = perAxis(call, "pads", 2 * rank, 0);
  const blocks = image.map((size, i) => {
    const extent = (block[i]! - 1) * dilations[i]! + 1;
    return Math.floor((size + pads[i]! + pads[rank + i]! - extent) / strides[i]!) + 1;
  });
  const taps = sizeOf(block);
  const count = sizeOf(blocks);
  const [batch, rows] = x.dims as [number, number];
  const channels = rows / taps;
  if (x.dims[2] !== count || !Number.isInteger(channels))
    call.fail(`columns [${x.dims.join(",")}] do not fit ${count} blocks of ${taps}`);
  const elements = x.numbers();
  const plane = sizeOf(image);
  const y = new Float64Array(batch * channels * plane);
  for (let i = 0; i < elements.length; i++) {
    const [position, tap, outer] = [i % count, Math.floor(i / count) % taps, Math.floor(i / (count * taps))];
    const place = placeInImage(image, block, blocks, position, tap, strides, dilations, pads);
    if (place >= 0) y[outer * plane + place]! += elements[i]!;
  }
  return tensorOf(x.dtype, [batch, channels, ...image], y);
};

function placeInImage(
  image: readonly number[],
  block: readonly number[],
  blocks: readonly number[],
  position: number,
  tap: number,
  strides: readonly number[],
  dilations: readonly number[],
  pads: readonly number[],
): number {
  let place = 0;
  let step = 1;
  let [restPosition, restTap] = [position, tap];
  for (let axis = image.length - 1; axis >= 0; axis--) {
    const b = restPosition % blocks[axis]!;
    const k = restTap % block[axis]!;
    const index = b * strides[axis]! + k * dilations[axis]! - pads[axis]!;
    if (index < 0 || index >= image[axis]!) return -1;
    place += index * step;
    step *= image[axis]!;
    restPosition = Math.floor(restPosition / blocks[axis]!);
    restTap = Math.floor(restTap / block[axis]!);
  }
  return place;
}

/** Images out of columns. */
export const col2ImKernels = { Col2Im: col2Im } satisfies Readonly<Record<string, Kernel>>;
