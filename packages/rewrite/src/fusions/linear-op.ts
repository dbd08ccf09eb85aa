import type { Node, OpName, Tensor } from "@lowbit/ir";

/** An op whose result is linear in its weight, seen by output channel. */
interface LinearOp {
  /** Axis of the output channels in a result of this rank. */
  readonly channelAxis: (rank: number) => number;
  /** Number of output channels. */
  readonly channels: (dims: readonly number[], node: Node) => number;
  /** Output channel of the weight's element at a flat index. */
  readonly channelOf: (dims: readonly number[], node: Node) => (index: number) => number;
}

/** The linear ops a scale per output channel can be folded into, with their weight layouts. */
const linearOps = {
  /** W: [outC, inC/group, …kernel] */
  Conv: {
    channelAxis: () => 1,
    channels: (dims) => dims[0]!,
    channelOf(dims) {
      const perChannel = product(dims.slice(1));
      return (index) => Math.floor(index / perChannel);
    },
  },
  /** W: [inC, outC/group, …kernel] */
  ConvTranspose: {
    channelAxis: () => 1,
    channels: (dims, node) => dims[1]! * node.int("group", 1),
    channelOf(dims, node) {
      const kernel = product(dims.slice(2));
      const perGroup = dims[1]!;
      const inputsPerGroup = dims[0]! / node.int("group", 1);
      return (index) => {
        const channel = Math.floor(index / kernel);
        const group = Math.floor(channel / perGroup / inputsPerGroup);
        return group * perGroup + (channel % perGroup);
      };
    },
  },
  /** B: [K, N], or [N, K] with transB */
  Gemm: {
    channelAxis: (rank) => rank - 1,
    channels: (dims, node) => (node.int("transB", 0) ? dims[0]! : dims[1]!),
    channelOf: ([rows, columns], node) =>
      node.int("transB", 0) && rows !== undefined
        ? (index) => Math.floor(index / columns!)
        : (index) => index % columns!,
  },
  /** B: […, K, N] */
  MatMul: {
    channelAxis: (rank) => rank - 1,
    channels: (dims) => dims.at(-1)!,
    channelOf: (dims) => (index) => index % dims.at(-1)!,
  },
} as const satisfies Partial<Record<OpName, LinearOp>>;

type LinearOpName = keyof typeof linearOps;

/** Number of output channels of a linear node with this weight. */
export function outputChannels(node: Node, weight: Tensor): number {
  return linearOp(node).channels(weight.dims, node);
}

/** The axis along which the channels of the node's result run, when that has this rank. */
export function outputChannelAxis(node: Node, rank: number): number {
  return linearOp(node).channelAxis(rank);
}

/** The weight's elements, each times the scale of its output channel. */
export function scaledByOutput(node: Node, weight: Tensor, scale: Float64Array): Float64Array {
  const channelOf = linearOp(node).channelOf(weight.dims, node);
  return weight.numbers().map((value, index) => value * scale[channelOf(index)]!);
}

function linearOp(node: Node): LinearOp {
  return linearOps[node.op as LinearOpName];
}

function product(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}
