import type { Window, WindowAxis } from "./window.ts";

/** Sizes of a grouped convolution besides its window; channels are per group. */
export interface ConvolutionSizes {
  readonly batch: number;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/**
 * A run of products with one weight: `count` of them, from input places `x, x + xStep, …` to output places
 * `y, y + 1, …`.
 */
type Visit = (x: number, xStep: number, w: number, y: number, count: number) => void;

/**
 * Calls `visit` for everything a convolution multiplies, with places in `X [N, G·inC, …]`, `W [G·outC, inC, …]` and
 * `Y [N, G·outC, …]`; the padding is left out. For one output place the products come in the order (input channel,
 * kernel place). The forward pass and both gradients are one loop each on top of this.
 */
export function forEachProducts(window: Window, sizes: ConvolutionSizes, visit: Visit): void {
  const { batch, groups, inChannels, outChannels } = sizes;
  const [d, h, w] = window.axes;
  const inPlane = d.input * h.input * w.input;
  const outPlane = d.output * h.output * w.output;
  const taps = d.kernel * h.kernel * w.kernel;
  const runs = runsOf(w);
  for (let n = 0; n < batch; n++) {
    for (let g = 0; g < groups; g++) {
      for (let o = 0; o < outChannels; o++) {
        const outChannel = g * outChannels + o;
        const yBase = (n * groups * outChannels + outChannel) * outPlane;
        for (let i = 0; i < inChannels; i++) {
          const xBase = ((n * groups + g) * inChannels + i) * inPlane;
          visitPlane(window, runs, xBase, (outChannel * inChannels + i) * taps, yBase, visit);
        }
      }
    }
  }
}

/** For one kernel index of the innermost axis: the first output index inside the input, how many follow, and where. */
interface Run {
  readonly first: number;
  readonly count: number;
  readonly input: number;
}

function runsOf(axis: WindowAxis): readonly Run[] {
  return Array.from({ length: axis.kernel }, (_, k) => {
    const inputs = Array.from({ length: axis.output }, (_unused, o) => axis.taps[o * axis.kernel + k]!);
    const first = inputs.findIndex((input) => input >= 0);
    return { first, count: inputs.filter((input) => input >= 0).length, input: inputs[first] ?? 0 };
  });
}

/** The products of one pair of planes: kernel places outside, output rows inside. */
function visitPlane(
  window: Window,
  runs: readonly Run[],
  xBase: number,
  wBase: number,
  yBase: number,
  visit: Visit,
): void {
  const [d, h, w] = window.axes;
  let tap = wBase;
  for (let kd = 0; kd < d.kernel; kd++) {
    for (let kh = 0; kh < h.kernel; kh++) {
      for (let kw = 0; kw < w.kernel; kw++, tap++) {
        const { first, count, input } = runs[kw]!;
        if (count === 0) continue;
        for (let od = 0; od < d.output; od++) {
          const xd = d.taps[od * d.kernel + kd]!;
          if (xd < 0) continue;
          for (let oh = 0; oh < h.output; oh++) {
            const xh = h.taps[oh * h.kernel + kh]!;
            if (xh < 0) continue;
            const x = xBase + (xd * h.input + xh) * w.input + input;
            visit(x, w.stride, tap, yBase + (od * h.output + oh) * w.output + first, count);
          }
        }
      }
    }
  }
}
