import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { broadcastIndices, sameDims, sizeOf } from "../arrays/indices.ts";
import { broadcast } from "../arrays/map.ts";
import { groupsAlong, reducedDims } from "../arrays/regroup.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { mapGroups } from "./softmax.ts";

/** Mean and population variance of numbers. */
function statistics(group: Float64Array): { readonly mean: number; readonly variance: number } {
  const mean = group.reduce((sum, x) => sum + x, 0) / group.length;
  const variance = group.reduce((sum, x) => sum + (x - mean) ** 2, 0) / group.length;
  return { mean, variance };
}

/** Elements of each index of the channel axis 1, gathered from the whole batch. */
function channelGroups(x: Tensor): readonly Float64Array[] {
  const { bases, members } = groupsAlong(
    x.dims,
    x.dims.map((_, axis) => axis).filter((axis) => axis !== 1),
  );
  const elements = x.numbers();
  return Array.from(bases, (base) => Float64Array.from(members, (member) => elements[base + member]!));
}

/** A list of channel parameters of the expected length. */
function perChannel(call: KernelCall, index: number, channels: number): Float64Array {
  const tensor = call.tensor(index);
  return tensor.size === channels
    ? tensor.numbers()
    : call.fail(`operand ${index} has ${tensor.size} elements for ${channels} channels`);
}

/** `(x - mean) / √(variance + ε) · scale + bias`; in training mode with the batch's own statistics, and running ones out. */
const batchNormalization: Kernel = (call) => {
  const x = call.tensor(0);
  const channels = x.dims[1] ?? 1;
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => perChannel(call, index, channels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const epsilon = call.node.float("epsilon", 1e-5);
  if (call.node.int("training_mode", 0) === 0) return normalizeChannels(x, scale, bias, mean, variance, epsilon);
  const current = channelGroups(x).map(statistics);
  const means = Float64Array.from(current, (group) => group.mean);
  const variances = Float64Array.from(current, (group) => group.variance);
  const momentum = call.node.float("momentum", 0.9);
  const running = (old: Float64Array, now: Float64Array): Float64Array =>
    old.map((value, i) => value * momentum + now[i]! * (1 - momentum));
  return [
    normalizeChannels(x, scale, bias, means, variances, epsilon),
    tensorOf(call.tensor(3).dtype, [channels], running(mean, means)),
    tensorOf(call.tensor(4).dtype, [channels], running(variance, variances)),
  ];
};

/**
 * The gradient of BatchNormalization in training mode (Ioffe and Szegedy 2015, section 3): with x̂ = (x - mean)/√(variance + ε)
 * over M elements per channel, dBias = Σ dy, dScale = Σ dy·x̂, dX = scale/√(variance + ε)·(dy - dBias/M - x̂·dScale/M).
 */
export const batchNormalizationGrad: Kernel = (call) => {
  const [dy, x] = [call.tensor(0), call.tensor(1)];
  const channels = x.dims[1] ?? 1;
  const scale = perChannel(call, 2, channels);
  const epsilon = call.node.float("epsilon", 1e-5);
  const plane = sizeOf(x.dims.slice(2));
  const current = channelGroups(x).map(statistics);
  const inverse = Float64Array.from(current, ({ variance }) => 1 / Math.sqrt(variance + epsilon));
  const channelOf = (i: number): number => Math.floor(i / plane) % channels;
  const normalized = x.numbers().map((element, i) => {
    const c = channelOf(i);
    return (element - current[c]!.mean) * inverse[c]!;
  });
  const cotangents = dy.numbers();
  const [dScale, dBias] = [new Float64Array(channels), new Float64Array(channels)];
  cotangents.forEach((cotangent, i) => {
    dScale[channelOf(i)]! += cotangent * normalized[i]!;
    dBias[channelOf(i)]! += cotangent;
  });
  const count = x.size / channels;
  const dx = cotangents.map((cotangent, i) => {
    const c = channelOf(i);
    return scale[c]! * inverse[c]! * (cotangent - (dBias[c]! + normalized[i]! * dScale[c]!) / count);
  });
  return [tensorOf(x.dtype, x.dims, dx), tensorOf(x.dtype, [channels], dScale), tensorOf(x.dtype, [channels], dBias)];
};

function normalizeChannels(
  x: Tensor,
  scale: Float64Array,
  bias: Float64Array,
  mean: Float64Array,
  variance: Float64Array,
  epsilon: number,
): Tensor {
  const plane = sizeOf(x.dims.slice(2));
  const factor = scale.map((gamma, c) => gamma / Math.sqrt(variance[c]! + epsilon));
  const elements = x.numbers().map((element, i) => {
    const c = Math.floor(i / plane) % scale.length;
    return (element - mean[c]!) * factor[c]! + bias[c]!;
  });
  return tensorOf(x.dtype, x.dims, elements);
}

/** Groups of elements with mean 0 and variance 1, in float64 without rounding. */
function standardized(x: Tensor, groupDims: readonly number[], axes: readonly number[], epsilon: number): Float64Array {
  const { bases, members } = groupsAlong(groupDims, axes);
  const elements = x.numbers();
  for (const base of bases) {
    const { mean, variance } = statistics(Float64Array.from(members, (member) => elements[base + member]!));
    const factor = 1 / Math.sqrt(variance + epsilon);
    for (const member of members) elements[base + member] = (elements[base + member]! - mean) * factor;
  }
  return elements;
}

/** `x̂·scale[c] + bias[c]`. */
function scaleChannels(x: Tensor, elements: Float64Array, scale: Float64Array, bias: Float64Array): Tensor {
  const plane = sizeOf(x.dims.slice(2));
  const channel = (i: number): number => Math.floor(i / plane) % scale.length;
  return tensorOf(
    x.dtype,
    x.dims,
    elements.map((element, i) => element * scale[channel(i)]! + bias[channel(i)]!),
  );
}

const instanceNormalization: Kernel = (call) => {
  const x = call.tensor(0);
  const spatial = x.dims.map((_, axis) => axis).slice(2);
  const elements = standardized(x, x.dims, spatial, call.node.float("epsilon", 1e-5));
  return scaleChannels(x, elements, perChannel(call, 1, x.dims[1]!), perChannel(call, 2, x.dims[1]!));
};

const groupNormalization: Kernel = (call) => {
  const x = call.tensor(0);
  const groups = call.node.int("num_groups", 1);
  const [batch, channels] = x.dims as [number, number];
  if (channels % groups !== 0) call.fail(`${channels} channels cannot form ${groups} groups`);
  const elements = standardized(x, [batch * groups, x.size / (batch * groups)], [1], call.node.float("epsilon", 1e-5));
  return scaleChannels(x, elements, perChannel(call, 1, channels), perChannel(call, 2, channels));
};

/** Axes from `axis` to the last. */
function trailingAxes(call: KernelCall, x: Tensor): number[] {
  const first = call.axis(call.node.int("axis", -1), x.dims.length);
  return x.dims.map((_, axis) => axis).slice(first);
}

/** Elements of a scale or bias as they meet those of X. */
function broadcastTo(call: KernelCall, x: Tensor, parameter: Tensor): Float64Array {
  if (!sameDims(broadcast(call, x, parameter), x.dims)) {
    call.fail(`[${parameter.dims.join(",")}] cannot be broadcast to [${x.dims.join(",")}]`);
  }
  const places = broadcastIndices(parameter.dims, x.dims);
  const elements = parameter.numbers();
  return Float64Array.from(places, (place) => elements[place]!);
}

const layerNormalization: Kernel = (call) => {
  const [x, scale, bias] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const axes = trailingAxes(call, x);
  const epsilon = call.node.float("epsilon", 1e-5);
  const gamma = broadcastTo(call, x, scale);
  const beta = bias && broadcastTo(call, x, bias);
  const normalized = standardized(x, x.dims, axes, epsilon);
  const y = normalized.map((element, i) => element * gamma[i]! + (beta ? beta[i]! : 0));
  const { bases, members } = groupsAlong(x.dims, axes);
  const elements = x.numbers();
  const groups = Array.from(bases, (base) =>
    statistics(Float64Array.from(members, (member) => elements[base + member]!)),
  );
  const dims = reducedDims(x.dims, axes, true);
  const stash = call.node.int("stash_type", 1) === 1 ? "float" : x.dtype;
  return [
    tensorOf(x.dtype, x.dims, y),
    tensorOf(
      stash,
      dims,
      groups.map(({ mean }) => mean),
    ),
    tensorOf(
      stash,
      dims,
      groups.map(({ variance }) => 1 / Math.sqrt(variance + epsilon)),
    ),
  ];
};

/** `x / √(mean(x²) + ε) · scale`. */
const rmsNormalization: Kernel = (call) => {
  const [x, scale] = [call.tensor(0), call.tensor(1)];
  const epsilon = call.node.float("epsilon", 1e-5);
  const gamma = broadcastTo(call, x, scale);
  const { bases, members } = groupsAlong(x.dims, trailingAxes(call, x));
  const elements = x.numbers();
  for (const base of bases) {
    const squares = members.reduce((sum, member) => sum + elements[base + member]! ** 2, 0);
    const factor = 1 / Math.sqrt(squares / members.length + epsilon);
    for (const member of members) elements[base + member]! *= factor * gamma[base + member]!;
  }
  return tensorOf(x.dtype, x.dims, elements);
};

/** `x / ‖x‖ₚ` along an axis; a zero norm gives 0. */
const lpNormalization: Kernel = (call) => {
  const x = call.tensor(0);
  const p = call.node.int("p", 2);
  return mapGroups(x, [call.axis(call.node.int("axis", -1), x.dims.length)], (group) => {
    const norm = group.reduce((sum, element) => sum + Math.abs(element) ** p, 0) ** (1 / p);
    return group.map((element) => (norm === 0 ? 0 : element / norm));
  });
};

const meanVarianceNormalization: Kernel = (call) => {
  const x = call.tensor(0);
  const axes = call.node.ints("axes", [0, 2, 3]).map((axis) => call.axis(axis, x.dims.length));
  return tensorOf(x.dtype, x.dims, standardized(x, x.dims, axes, 1e-9));
};

/** `x / (bias + alpha/size · Σ x²)^beta` over `size` neighbouring channels. */
const lrn: Kernel = (call) => {
  const x = call.tensor(0);
  const { node } = call;
  const [alpha, beta, bias, size] = [
    node.float("alpha", 1e-4),
    node.float("beta", 0.75),
    node.float("bias", 1),
    node.int("size", 1),
  ];
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const channels = x.dims[1]!;
  const plane = sizeOf(x.dims.slice(2));
  const elements = x.numbers();
  const y = elements.map((element, i) => {
    const c = Math.floor(i / plane) % channels;
    let squares = 0;
    for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c + after); k++) {
      squares += elements[i + (k - c) * plane]! ** 2;
    }
    return element / (bias + (alpha / size) * squares) ** beta;
  });
  return tensorOf(x.dtype, x.dims, y);
};

/** Normalizations; statistics in float64, rounded once. */
export const normalizationKernels = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LRN: lrn,
} satisfies Readonly<Record<string, Kernel>>;
