import type { Value } from "@lowbit/ir";
import { blockedConvolution } from "./blocked-convolution.ts";
import { deployedConvolution } from "./deployed-convolution.ts";
import { depthwiseForm } from "./depthwise-form.ts";
import { exchangeBatch } from "./exchange-batch.ts";
import { dims, operand, reshape, type Legalization, type LegalizeContext } from "./legalization.ts";
import { staticWindow, type StaticWindow } from "./window.ts";
import { wholePlane } from "./whole-plane.ts";

/**
 * Largest output plane for which the samples of a batch are convolved together, as one three-dimensional convolution over
 * [1, C, N, H, W]. ONNX Runtime makes one matrix product per sample out of a two-dimensional one, which on few positions
 * reads all weights for little work: 256 channels at 2x2, batch 32, took 3.5 ms by the sample and 1.3 ms together, 128
 * channels at 4x4 2.1 and 1.0 ms, 64 channels at 8x8 1.0 and 2.0 ms (2 threads, AVX512).
 */
const smallPlane = 16;

/** Conv in the form that is fastest for its shapes, or in that of the deployed model; nothing where that is how it stands. */
export const conv: Legalization = (context) => {
  const { node } = context;
  const [x, w] = [operand(context, 0), operand(context, 1)];
  const [, , ...input] = dims(x);
  const [, , ...output] = dims(node.output);
  const [, , ...kernel] = dims(w);
  const window = staticWindow(node, kernel, input, output);
  const [bias, group] = [node.inputs[2] ?? null, node.int("group", 1)];
  if (context.asDeployed) {
    const deployed = deployedConvolution(context, [x, w, bias], window, group, output);
    return deployed ? [deployed] : [];
  }
  const together = convolveTogether(context, x, w, bias, window, group, output);
  return together ? [together] : [];
};

/** A convolution without groups or one per channel, in the form that is fastest for its shapes. */
export function convolve(
  context: LegalizeContext,
  x: Value,
  w: Value,
  window: StaticWindow,
  group: number,
  output: readonly number[],
): Value {
  const together = convolveTogether(context, x, w, null, window, group, output);
  if (together) return together;
  return context.op.Conv([x, w], {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...window.padsEnd],
    group,
  });
}

/** The convolution with all samples in one matrix product, where that pays; null where it does not. */
function convolveTogether(
  context: LegalizeContext,
  x: Value,
  w: Value,
  bias: Value | null,
  window: StaticWindow,
  group: number,
  output: readonly number[],
): Value | null {
  const { op } = context;
  const [batch, channels, ...input] = dims(x);
  const [outChannels] = dims(w);
  const depthwise = depthwiseForm(context, dims(w), group, { window, input, output });
  if (depthwise) return depthwise.forward(x, w, bias);
  if (group !== 1 || input.length !== 2) return null;
  const plane = wholePlane(context, w, window, input, output);
  if (plane) {
    const product = op.Gemm([reshape(context, x, [batch!, channels! * plane.positions]), plane.weights, bias], {
      transB: 1,
    });
    return reshape(context, product, [batch!, outChannels!, ...output]);
  }
  const inBlocks = blockedConvolution(context, [x, w, bias], window, output);
  if (inBlocks) return inBlocks;
  const isSmall = output.reduce((a, b) => a * b, 1) <= smallPlane && batch! > 1;
  if (!isSmall || window.kernel.every((size) => size === 1)) return null;
  const volume = reshape(context, exchangeBatch(context, x), [1, channels!, batch!, ...input]);
  const result = op.Conv([volume, reshape(context, w, [outChannels!, channels!, 1, ...window.kernel]), bias], {
    kernel_shape: [1, ...window.kernel],
    strides: [1, ...window.strides],
    dilations: [1, ...window.dilations],
    pads: [0, ...window.padsBegin, 0, ...window.padsEnd],
  });
  return exchangeBatch(context, reshape(context, result, [outChannels!, batch!, ...output]));
}
