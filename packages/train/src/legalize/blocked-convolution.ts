import type { Value } from "@lowbit/ir";
import { convolutionInBlocks, dataInBlocks, weightsInBlocks } from "./blocks-of-channels.ts";
import { dims, type LegalizeContext } from "./legalization.ts";
import type { StaticWindow } from "./window.ts";

/** Results per output channel from which on what is saved is more than it takes to lay the weights out. */
const enoughResults = 256;

/**
 * A convolution without groups on blocks of channels (NCHWc), whose kernel takes its taps from where they are; the plain one
 * copies them together first. (Batch 32, everything reordered, AVX-512: 32 to 16 channels, 3x3 over 14x14, 0.57 ms plain and
 * 0.27 so; 64 to 64 over 8x8 0.67 and 0.42; 128 to 128 over 4x4 0.86, all samples together, and 0.56; 3 to 32 over 96x96 at
 * stride 2 1.03 and 0.50.)
 *
 * Null where the machine has no such layout, for channels that do not fill blocks, for kernels of a single tap, which nothing is
 * copied for, and where there are few positions to use weights at.
 */
export function blockedConvolution(
  context: LegalizeContext,
  [x, w, bias]: readonly [Value, Value, Value | null],
  window: StaticWindow,
  output: readonly number[],
): Value | null {
  const { block } = context;
  const [batch] = dims(x);
  const [outChannels, channels, ...kernel] = dims(w);
  if (block === 1 || kernel.length !== 2 || kernel.every((size) => size === 1)) return null;
  const blocksIn = channels! >= block;
  if (outChannels! % block !== 0 || (blocksIn && channels! % block !== 0)) return null;
  if (output.reduce((a, b) => a * b, batch!) < enoughResults) return null;
  const { strides, dilations, padsBegin, padsEnd } = window;
  return convolutionInBlocks(
    context,
    [blocksIn ? dataInBlocks(context, x) : x, weightsInBlocks(context, w, blocksIn), bias],
    { kernel_shape: kernel, strides, dilations, pads: [...padsBegin, ...padsEnd] },
    outChannels!,
    [batch!, outChannels!, ...output],
  );
}
