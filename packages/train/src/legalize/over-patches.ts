import { Tensor, type Value } from "@lowbit/ir";
import { dims, ints, reshape, type LegalizeContext } from "./legalization.ts";
import { gradientOverBlockedPatches } from "./over-blocked-patches.ts";
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
  const { op, editor } = context;
  const [batch, outChannels, ...output] = dims(dy);
  const [, channels] = dims(x);
  const taps = window.kernel.reduce((a, b) => a * b, 1);
  const positions = output.reduce((a, b) => a * b, 1);
  if (batch === 1 || channels! * taps > Math.min(outChannels!, positions)) return null;
  const blocks = context.inBlocks.get(dy);
  if (blocks && outChannels! % context.block === 0 && channels! < context.block) {
    return gradientOverBlockedPatches(context, blocks, x, window);
  }
  const patches = op.Conv([x, picks(context, channels!, window.kernel)], {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...window.padsEnd],
    group: channels!,
  });
  const rows = (value: Value, count: number): Value => reshape(context, value, [batch!, count, positions]);
  const perSample = editor.node(
    "FusedMatMul",
    [rows(dy, outChannels!), rows(patches, channels! * taps)],
    { transB: 1 },
    { domain: "com.microsoft" },
  ).output;
  const summed = op.ReduceSum([perSample, ints(editor, [0], "batch_axis")], { keepdims: 0 });
  return reshape(context, summed, [outChannels!, channels!, ...window.kernel]);
}

/** [C · taps, 1, ...kernel]: for each channel and tap a kernel that picks it. */
function picks({ editor }: LegalizeContext, channels: number, kernel: readonly number[]): Value {
  const taps = kernel.reduce((a, b) => a * b, 1);
  const kernels = new Float32Array(channels * taps * taps);
  for (let row = 0; row < channels * taps; row++) kernels[row * taps + (row % taps)] = 1;
  return editor.initializer(Tensor.fromTyped("float", [channels * taps, 1, ...kernel], kernels), "picks");
}
