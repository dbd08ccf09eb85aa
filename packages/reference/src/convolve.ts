import type { Window } from "./window.ts";

/** Sizes of a grouped convolution besides its window; channels are per group. */
export interface ConvolutionSizes {
  readonly batch: number;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** A visit of everything a convolution multiplies: flat places in input planes, weights and output planes. */
type Visit = (x: number, w: number, y: number) => void;

/**
 * Calls `visit` for every product of a convolution, with places in `X [N, G·inC, …]`, `W [G·outC, inC, …]` and
 * `Y [N, G·outC, …]`. For one output place the products come in the order (input channel, kernel place), the padding
 * left out. The forward pass and both gradients are one line each on top of this.
 */
export function forEachProduct(window: Window, sizes: ConvolutionSizes, visit: Visit): void {
  const { batch, groups, inChannels, outChannels } = sizes;
  const [d, h, w] = window.axes;
  const inPlane = d.input * h.input * w.input;
  const outPlane = d.output * h.output * w.output;
  const taps = d.kernel * h.kernel * w.kernel;
  for (let n = 0; n < batch; n++) {
    for (let g = 0; g < groups; g++) {
      for (let o = 0; o < outChannels; o++) {
        const outChannel = g * outChannels + o;
        const yBase = (n * groups * outChannels + outChannel) * outPlane;
        for (let i = 0; i < inChannels; i++) {
          const xBase = ((n * groups + g) * inChannels + i) * inPlane;
          visitPlane(window, xBase, (outChannel * inChannels + i) * taps, yBase, visit);
        }
      }
    }
  }
}

/** The products of one pair of planes: kernel places outside, output places inside. */
function visitPlane(window: Window, xBase: number, wBase: number, yBase: number, visit: Visit): void {
  const [d, h, w] = window.axes;
  let tap = wBase;
  for (let kd = 0; kd < d.kernel; kd++) {
    for (let kh = 0; kh < h.kernel; kh++) {
      for (let kw = 0; kw < w.kernel; kw++, tap++) {
        for (let od = 0; od < d.output; od++) {
          const xd = d.taps[od * d.kernel + kd]!;
          if (xd < 0) continue;
          for (let oh = 0; oh < h.output; oh++) {
            const xh = h.taps[oh * h.kernel + kh]!;
            if (xh < 0) continue;
            const xRow = xBase + (xd * h.input + xh) * w.input;
            const yRow = yBase + (od * h.output + oh) * w.output;
            for (let ow = 0; ow < w.output; ow++) {
              const xw = w.taps[ow * w.kernel + kw]!;
              if (xw >= 0) visit(xRow + xw, tap, yRow + ow);
            }
          }
        }
      }
    }
  }
}
