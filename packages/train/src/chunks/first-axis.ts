import { type SampleRule } from "./sample-rule.ts";

/** An op on images [N, C, ...], of which every one is treated alike; other operands are the same for all, or images too. */
export const firstAxis: SampleRule = ({ node, axisOf }) => {
  const isImages = (index: number): boolean => axisOf(index) === 0 && (index === 0 || index === addedImages);
  const fits = node.inputs.every((_, index) => axisOf(index) === null || isImages(index));
  return fits && axisOf(0) === 0 ? { kind: "each", axis: 0 } : null;
};

/** Images that a convolution on blocks of channels adds. */
const addedImages = 3;

/** Pooling, unless positions are asked for, which count from the first sample on. */
export const pooling: SampleRule = (sampled) => (sampled.node.outputs[1] ? null : firstAxis(sampled));

/** BatchNormalization by running statistics. */
export const normalization: SampleRule = (sampled) =>
  sampled.node.int("training_mode", 0) === 1 ? null : firstAxis(sampled);
