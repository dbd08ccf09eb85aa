import type { Value } from "@lowbit/ir";
import { dataInBlocks } from "./blocks-of-channels.ts";
import { exchangeBatch } from "./exchange-batch.ts";
import { dims, reshape, type LegalizeContext } from "./legalization.ts";
import type { StaticWindow } from "./window.ts";

/** Elements of weights per element of X from which on bringing dW back from this layout takes longer than is saved. */
const manyWeights = 3;

/**
 * dW of a convolution over two axes without groups as a convolution of X with dY as the filter, the batch in the place of the
 * channels, and the channels beside the columns: X as [1, N, H, W·C], where a step to the next column is one of C elements, result
 * [1, O, kh, kw·C]. ONNX Runtime lays out what each tap meets in rows as long as the result is wide, and rows of kw elements
 * cost more to begin than to copy. (16 to 32 channels, 3x3 over 14x14, batch 32: 1.7 ms with the channels as depth and 0.75
 * so, batch 256 16.1 and 5.9; 64 to 64 over 8x8: 3.3 and 1.2; 16 to 16 over 32x32: 6.4 and 2.1.)
 *
 * Null where dW has many more elements than X (256 to 256 channels over 2x2: 1.3 and 1.5), and for kernels with gaps between columns.
 *
 * @param window with `padsEnd` that makes it cover exactly the positions of dY
 */
export function gradientWithChannelsInnermost(
  context: LegalizeContext,
  dy: Value,
  x: Value,
  window: StaticWindow,
): Value | null {
  const { op } = context;
  const [batch, channels, height, width] = dims(x) as [number, number, number, number];
  const [, outChannels, ...output] = dims(dy) as [number, number, number, number];
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  const taps = kernel.reduce((a, b) => a * b, 1);
  if (kernel.length !== 2 || dilations[1] !== 1) return null;
  if (taps > 1 && outChannels * taps > manyWeights * batch * height * width) return null;
  const rows = reshape(context, channelsInnermost(context, x), [1, batch, height, width * channels]);
  const result = op.Conv([rows, exchangeBatch(context, dy)], {
    kernel_shape: output,
    strides: [dilations[0]!, 1],
    dilations: [strides[0]!, strides[1]! * channels],
    pads: [padsBegin[0]!, padsBegin[1]! * channels, padsEnd[0]!, padsEnd[1]! * channels],
  });
  const perTap = reshape(context, result, [outChannels, taps, channels]);
  return reshape(context, op.Transpose([perTap], { perm: [0, 2, 1] }), [outChannels, channels, ...kernel]);
}

/**
 * [N, C, H, W] with the channels behind the columns. Through blocks of channels where these come out even: ONNX Runtime moves
 * single elements on one thread, blocks on all, and a block on one faster. (16 channels of 14x14, batch 256: 1.4 ms and 0.1.)
 */
function channelsInnermost(context: LegalizeContext, x: Value): Value {
  const { op, block } = context;
  const [batch, channels, height, width] = dims(x) as [number, number, number, number];
  if (block === 1 || channels % block !== 0) return op.Transpose([x], { perm: [0, 2, 3, 1] });
  const inBlocks = dataInBlocks(context, x);
  if (channels === block) return inBlocks;
  const blocks = reshape(context, inBlocks, [batch, channels / block, height * width, block]);
  return op.Transpose([blocks], { perm: [0, 2, 1, 3] });
}
