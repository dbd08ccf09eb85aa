import type { Value } from "@lowbit/ir";
import { dims, reshape, type LegalizeContext } from "./legalization.ts";
import { gradientOverBlockedPatches } from "./over-blocked-patches.ts";
import { summedProducts } from "./summed-products.ts";
import { tapKernels } from "./tap-kernels.ts";
import type { StaticWindow } from "./window.ts";

/**
 * dW of a convolution without groups that has few inputs, as a product per sample of dY and the patches of X that its windows
 * see, summed over the batch; patches are gathered by a convolution with kernels of a single 1. Nothing changes its layout.
 * (1 to 16 channels, 3x3 over 28x28, batch 32: 0.69 ms as a convolution with dY as the filter and 0.25 so, batch 256 6.7 and
 * 2.7; 3 to 32 channels over 96x96 at stride 2, batch 16: 3.1 and 1.8.)
 *
 * Null where patches would be larger than dY, which costs more than is saved (3 to 64 channels, 7x7: 2.8 and 3.9), and where a
 * sample's product would be.
 *
 * @param window with `padsEnd` that makes it cover exactly the positions of dY
 */
export function gradientOverPatches(context: LegalizeContext, dy: Value, x: Value, window: StaticWindow): Value | null {
  const { op } = context;
  const [batch, outChannels, ...output] = dims(dy);
  const [, channels] = dims(x);
  const taps = window.kernel.reduce((a, b) => a * b, 1);
  const positions = output.reduce((a, b) => a * b, 1);
  if (batch === 1 || channels! * taps > Math.min(outChannels!, positions)) return null;
  const blocks = context.inBlocks.get(dy);
  if (blocks && outChannels! % context.block === 0 && channels! < context.block) {
    return gradientOverBlockedPatches(context, blocks, x, window);
  }
  const patches = op.Conv([x, tapKernels(context, channels! * taps, channels!, channels!, window.kernel)], {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...window.padsEnd],
    group: channels!,
  });
  const rows = (value: Value, count: number): Value => reshape(context, value, [batch!, count, positions]);
  const summed = summedProducts(context, rows(dy, outChannels!), rows(patches, channels! * taps), "right");
  return reshape(context, summed, [outChannels!, channels!, ...window.kernel]);
}
