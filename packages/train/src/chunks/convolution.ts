import { firstAxis } from "./first-axis.ts";
import { axisOfOnly, sizes, type SampledNode, type SampleOutcome, type SampleRule } from "./sample-rule.ts";

/**
 * Conv, in all the ways in which gradients use it too: of images by sample; summed over samples, which stand where channels do in
 * both operands; with samples along an axis that the window does not see more than one of; with channels of samples as groups.
 */
export const convolution: SampleRule = (sampled) => {
  const { node, axisOf } = sampled;
  const axis = axisOf(0);
  if (axis === 0) return firstAxis(sampled);
  if (axis === 1 && axisOf(1) === 1) return isPlain(sampled) ? { kind: "sum" } : null;
  if (axis === 1 && axisOf(1) === 0) return samplesAsGroups(sampled);
  const isAlong = axis !== null && axisOfOnly(sampled, [0]) === axis && node.domain === "";
  return isAlong && seesOne(sampled, axis - 2) ? { kind: "each", axis } : null;
};

/** ConvTranspose: of images by sample, or with samples along an axis that the window does not see more than one of. */
export const transposedConvolution: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null || axis === 1) return null;
  const isAlone = axis === 0 || (seesOne(sampled, axis - 2) && !sampled.node.ints("output_padding", null)?.[axis - 2]);
  return isAlone ? { kind: "each", axis } : null;
};

/** ReorderInput and ReorderOutput: images by sample, or channels of samples that fill blocks. */
export const reordering: SampleRule = (sampled) => {
  const { node, samples, axisOf } = sampled;
  if (axisOf(0) !== 1) return firstAxis(sampled);
  const channels = sizes(node.input)[1]! / samples;
  if (channels % largestBlock !== 0) return null;
  return { kind: "each", axis: 1, ...(node.op === "ReorderOutput" ? { perSample: { channels } } : {}) };
};

function isPlain({ node }: SampledNode): boolean {
  return node.inputs.length === 2 && node.domain === "" && node.int("group", 1) === 1;
}

/** Channels of the largest blocks that ONNX Runtime has. */
const largestBlock = 16;

function samplesAsGroups({ node, samples }: SampledNode): SampleOutcome | null {
  const group = node.int("group", 1);
  const isWhole = node.domain === "" || (sizes(node.input)[1]! / samples) % largestBlock === 0;
  return node.inputs.length === 2 && isWhole && group % samples === 0
    ? { kind: "each", axis: 1, perSample: { group: group / samples } }
    : null;
}

function seesOne({ node }: SampledNode, along: number): boolean {
  const kernel = sizes(node.inputs[1]).slice(2);
  const pads = node.ints("pads", null);
  const isPadded = pads !== null && (pads[along] !== 0 || pads[along + kernel.length] !== 0);
  const hasGiven = node.string("auto_pad", "NOTSET") === "NOTSET";
  return hasGiven && kernel[along] === 1 && !isPadded && (node.ints("strides", null)?.[along] ?? 1) === 1;
}
