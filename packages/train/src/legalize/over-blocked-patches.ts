import type { Value } from "@lowbit/ir";
import { nodeInBlocks, weightsInBlocks } from "./blocks-of-channels.ts";
import { dims, ints, reshape, type LegalizeContext } from "./legalization.ts";
import { summedProducts } from "./summed-products.ts";
import { tapKernels } from "./tap-kernels.ts";
import type { StaticWindow } from "./window.ts";

/**
 * dW of a convolution of few channels as a product per sample of dY, which is in blocks of channels already, and the patches
 * that its windows see, gathered into blocks as well: nothing is brought out of them. (1 to 16 channels, 3x3 over 28x28,
 * batch 256, one thread: 4.0 ms with both brought out, 2.6 so.)
 *
 * @param dy [N, O, H, W] in blocks of channels that come out even
 * @param x of fewer channels than a block has
 */
export function gradientOverBlockedPatches(context: LegalizeContext, dy: Value, x: Value, window: StaticWindow): Value {
  const { op, editor, block } = context;
  const [batch, outChannels, ...output] = dims(dy) as [number, number, ...number[]];
  const [, channels] = dims(x);
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  const rows = channels! * kernel.reduce((a, b) => a * b, 1);
  const filled = Math.ceil(rows / block) * block;
  const positions = output.reduce((a, b) => a * b, 1);
  const patches = nodeInBlocks(
    context,
    "Conv",
    [x, weightsInBlocks(context, tapKernels(context, filled, channels!, 1, kernel), false)],
    { kernel_shape: kernel, strides, dilations, pads: [...padsBegin, ...padsEnd] },
    [batch, filled, ...output],
  );
  const summed = summedProducts(
    context,
    reshape(context, dy, [batch, outChannels / block, 1, positions, block]),
    reshape(context, patches, [batch, 1, filled / block, positions, block]),
    "left",
  );
  const inOrder = op.Transpose([summed], { perm: [0, 2, 1, 3] });
  const products = reshape(context, inOrder, [outChannels, filled]);
  const taken = op.Slice([
    products,
    ints(editor, [0], "start"),
    ints(editor, [rows], "end"),
    ints(editor, [1], "axis"),
  ]);
  return reshape(context, taken, [outChannels, channels!, ...kernel]);
}
