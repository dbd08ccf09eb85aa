import { tensorOf } from "../arrays/elements.ts";
import type { Kernel } from "../kernel.ts";
import { perAxis } from "../window.ts";

/** A convolution whose taps are moved by learned offsets and scaled by a mask: https://arxiv.org/abs/1811.11168. */
const deformConv: Kernel = (call) => {
  const [x, w, offset, b, mask] = [call.tensor(0), call.tensor(1), call.tensor(2), call.optional(3), call.optional(4)];
  if (x.dims.length !== 4) call.fail(`needs rank 4, got [${x.dims.join(",")}]`);
  const [batch, channels, height, width] = x.dims as [number, number, number, number];
  const [features, inChannels, kernelHeight, kernelWidth] = w.dims as [number, number, number, number];
  const group = call.node.int("group", 1);
  const offsetGroup = call.node.int("offset_group", 1);
  const [strideY, strideX] = perAxis(call, "strides", 2, 1) as readonly [number, number];
  const [dilationY, dilationX] = perAxis(call, "dilations", 2, 1) as readonly [number, number];
  const [padY, padX] = perAxis(call, "pads", 4, 0) as readonly [number, number];
  const [outHeight, outWidth] = offset.dims.slice(2) as [number, number];
  const [xs, ws, offsets, masks, bias] = [x.numbers(), w.numbers(), offset.numbers(), mask?.numbers(), b?.numbers()];
  const taps = kernelHeight * kernelWidth;
  const outPlane = outHeight * outWidth;
  const y = new Float64Array(batch * features * outPlane);
  for (let i = 0; i < y.length; i++) {
    const place = i % outPlane;
    const o = Math.floor(i / outPlane) % features;
    const n = Math.floor(i / (outPlane * features));
    let sum = bias?.[o] ?? 0;
    for (let c = 0; c < inChannels; c++) {
      const channel = Math.floor(o / (features / group)) * inChannels + c;
      const own = Math.floor(channel / (channels / offsetGroup));
      const plane = xs.subarray(
        (n * channels + channel) * height * width,
        (n * channels + channel + 1) * height * width,
      );
      for (let tap = 0; tap < taps; tap++) {
        const at = ((n * offsetGroup + own) * taps + tap) * 2 * outPlane + place;
        const sy =
          Math.floor(place / outWidth) * strideY - padY + Math.floor(tap / kernelWidth) * dilationY + offsets[at]!;
        const sx = (place % outWidth) * strideX - padX + (tap % kernelWidth) * dilationX + offsets[at + outPlane]!;
        const scale = masks?.[((n * offsetGroup + own) * taps + tap) * outPlane + place] ?? 1;
        sum += ws[(o * inChannels + c) * taps + tap]! * scale * zeroPaddedBilinear(plane, height, width, sy, sx);
      }
    }
    y[i] = sum;
  }
  return tensorOf(x.dtype, [batch, features, outHeight, outWidth], y);
};

/** The value at a fractional position of a plane that continues with zeros. */
function zeroPaddedBilinear(plane: Float64Array, height: number, width: number, y: number, x: number): number {
  const [y0, x0] = [Math.floor(y), Math.floor(x)];
  const [fy, fx] = [y - y0, x - x0];
  const at = (row: number, column: number): number =>
    row >= 0 && row < height && column >= 0 && column < width ? plane[row * width + column]! : 0;
  return (
    (1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x0 + 1)) +
    fy * ((1 - fx) * at(y0 + 1, x0) + fx * at(y0 + 1, x0 + 1))
  );
}

/** Deformable convolutions, in float64 sums rounded once. */
export const deformConvKernels = { DeformConv: deformConv } satisfies Readonly<Record<string, Kernel>>;
