import { Tensor, type Node } from "@lowbit/ir";
import { explicitPads } from "./explicit-pads.ts";

/** A transposed convolution along one axis as one convolution per phase of its stride. */
interface Axis {
  readonly kernel: number;
  readonly stride: number;
  /** Taps of the convolution: those of the phase that has most. */
  readonly taps: number;
  /** Padding of the convolution, at the begin and the end. */
  readonly pads: readonly [number, number];
  /** Results in excess at both ends, when the phases have been laid side by side. */
  readonly crop: readonly [number, number];
}

/** How a ConvTranspose of planes becomes a Conv of stride 1, a DepthToSpace and a crop. */
export interface SubPixel {
  readonly stride: number;
  readonly axes: readonly [Axis, Axis];
}

/**
 * The sub-pixel form of a ConvTranspose with these kernel dimensions, or why it has none.
 *
 * Along an axis with stride s and kernel k, result f (before its pads are cut off) takes the taps r, r + s, … with
 * r = f mod s, over the operands ⌊f / s⌋, ⌊f / s⌋ − 1, …: for each r a convolution with ⌈k / s⌉ taps.
 */
export function subPixelOf(node: Node, kernel: readonly number[]): SubPixel | string {
  if (kernel.length !== 2) return `runs along ${kernel.length} axes, and DepthToSpace lays out planes`;
  if (node.attributes.has("output_shape")) return "its padding follows from output_shape";
  if (node.ints("dilations", [1, 1]).some((each) => each !== 1)) return "is dilated";
  const pads = explicitPads(node, 2);
  if (!pads) return "its padding depends on the size of its operand";
  const strides = node.ints("strides", [1, 1]);
  if (strides[0] !== strides[1])
    return `its strides ${strides.join(" and ")} differ, and DepthToSpace has one block size`;
  const extra = node.ints("output_padding", [0, 0]);
  const along = (i: number): Axis => axisOf(kernel[i]!, strides[i]!, [pads[i]!, pads[i + 2]!], extra[i]!);
  const axes = [along(0), along(1)] as const;
  if (axes.some((axis) => axis.pads.some((each) => each < 0))) return "cuts off more than its kernel adds";
  return { stride: strides[0]!, axes };
}

function axisOf(kernel: number, stride: number, [begin, end]: readonly [number, number], extra: number): Axis {
  const taps = Math.ceil(kernel / stride);
  const last = kernel + extra - end - 1;
  return {
    kernel,
    stride,
    taps,
    pads: [taps - 1 - Math.floor(begin / stride), Math.floor(last / stride)],
    crop: [begin % stride, stride - 1 - (((last % stride) + stride) % stride)],
  };
}

/** W: [inC, outC / group, kh, kw]  →  [outC · s², inC / group, ⌈kh / s⌉, ⌈kw / s⌉], the phases of a channel side by side. */
export function subPixelWeight(weight: Tensor, group: number, { stride, axes }: SubPixel): Tensor {
  const [inputs, outputs] = weight.dims as [number, number];
  const [y, x] = axes;
  const own = inputs / group;
  const dims = [outputs * group * stride * stride, own, y.taps, x.taps];
  const source = weight.numbers();
  const target = new Float64Array(dims.reduce((product, dim) => product * dim));
  const rowOf = (axis: Axis, phase: number, tap: number): number => phase + (axis.taps - 1 - tap) * stride;
  let at = 0;
  for (let channel = 0; channel < outputs * group; channel++) {
    const first = Math.floor(channel / outputs) * own;
    for (let phase = 0; phase < stride * stride; phase++) {
      const [top, left] = [Math.floor(phase / stride), phase % stride];
      for (let input = first; input < first + own; input++) {
        const base = (input * outputs + (channel % outputs)) * y.kernel;
        for (let row = 0; row < y.taps; row++) {
          const ky = rowOf(y, top, row);
          for (let column = 0; column < x.taps; column++, at++) {
            const kx = rowOf(x, left, column);
            if (ky < y.kernel && kx < x.kernel) target[at] = source[(base + ky) * x.kernel + kx]!;
          }
        }
      }
    }
  }
  return Tensor.of(weight.dtype, target, dims);
}

/** One element per output channel  →  one per phase of each. */
export function subPixelBias(bias: Tensor, { stride }: SubPixel): Tensor {
  const repeated = [...bias.numbers()].flatMap((value) => Array.from({ length: stride * stride }, () => value));
  return Tensor.of(bias.dtype, Float64Array.from(repeated));
}
