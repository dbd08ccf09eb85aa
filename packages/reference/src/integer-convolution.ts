import { sizeOf } from "./arrays/indices.ts";
import type { IntegerDot } from "./integer-dot.ts";
import type { ConvolutionPlan } from "./kernels/convolution.ts";

/** Codes of a convolution's operands with their zero points; the weights have one for all or one per output channel. */
export interface IntegerOperands {
  readonly x: Int32Array;
  readonly w: Int32Array;
  readonly xZeroPoint: number;
  readonly wZeroPoints: ArrayLike<number>;
}

/**
 * The int32 accumulators of an integer convolution, in the order of Y. Each is one dot product over a patch in the
 * order (kernel place, input channel), which is how the runtimes' channels-last kernels pair up products; padding
 * reads as the zero point.
 */
export function convolveIntegers(plan: ConvolutionPlan, operands: IntegerOperands, dot: IntegerDot): Int32Array {
  const { batch, groups, inChannels, outChannels } = plan.sizes;
  const { xZeroPoint, wZeroPoints } = operands;
  const taps = sizeOf(plan.wDims.slice(2));
  const depth = taps * inChannels;
  const weights = channelsLast(operands.w, groups * outChannels, inChannels, taps);
  const inPlane = sizeOf(plan.xDims.slice(2));
  const outPlane = sizeOf(plan.yDims.slice(2));
  const places = patchPlaces(plan, taps, outPlane);
  const y = new Int32Array(sizeOf(plan.yDims));
  const patch = new Int32Array(depth);
  for (let n = 0; n < batch; n++) {
    for (let g = 0; g < groups; g++) {
      const xBase = (n * groups + g) * inChannels * inPlane;
      for (let output = 0; output < outPlane; output++) {
        for (let tap = 0; tap < taps; tap++) {
          const place = places[output * taps + tap]!;
          for (let i = 0; i < inChannels; i++) {
            patch[tap * inChannels + i] = place < 0 ? xZeroPoint : operands.x[xBase + i * inPlane + place]!;
          }
        }
        for (let o = 0; o < outChannels; o++) {
          const channel = g * outChannels + o;
          const zero = wZeroPoints.length === 1 ? wZeroPoints[0]! : wZeroPoints[channel]!;
          y[(n * groups * outChannels + channel) * outPlane + output] = dot(
            patch,
            0,
            weights,
            channel * depth,
            depth,
            xZeroPoint,
            zero,
          );
        }
      }
    }
  }
  return y;
}

/** Weights `[outC, inC, taps]` as `[outC, taps, inC]`. */
function channelsLast(w: Int32Array, features: number, channels: number, taps: number): Int32Array {
  const moved = new Int32Array(w.length);
  for (let o = 0; o < features; o++) {
    for (let i = 0; i < channels; i++) {
      for (let tap = 0; tap < taps; tap++) {
        moved[(o * taps + tap) * channels + i] = w[(o * channels + i) * taps + tap]!;
      }
    }
  }
  return moved;
}

/** For each output place and tap the place in an input plane, or -1 in the padding. */
function patchPlaces(plan: ConvolutionPlan, taps: number, outPlane: number): Int32Array {
  const [d, h, w] = plan.window.axes;
  return Int32Array.from({ length: outPlane * taps }, (_, i) => {
    const [output, tap] = [Math.floor(i / taps), i % taps];
    const xd = d.taps[Math.floor(output / (h.output * w.output)) * d.kernel + Math.floor(tap / (h.kernel * w.kernel))]!;
    const xh = h.taps[(Math.floor(output / w.output) % h.output) * h.kernel + (Math.floor(tap / w.kernel) % h.kernel)]!;
    const xw = w.taps[(output % w.output) * w.kernel + (tap % w.kernel)]!;
    return xd < 0 || xh < 0 || xw < 0 ? -1 : (xd * h.input + xh) * w.input + xw;
  });
}
