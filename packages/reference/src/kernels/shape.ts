import type { Tensor } from "@lowbit/ir";
import { int64Tensor } from "../arrays/elements.ts";
import { broadcastDims, broadcastIndices, sizeOf, stridedIndices, stridesOf } from "../arrays/indices.ts";
import { take } from "../arrays/take.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

/** Integers of a one-dimensional operand. */
export function integers(tensor: Tensor): number[] {
  return [...tensor.numbers()];
}

const reshape: Kernel = (call) => {
  const x = call.tensor(0);
  const wanted = integers(call.tensor(1));
  const keepsZeros = call.node.int("allowzero", 0) === 1;
  const dims = wanted.map((dim, axis) => (dim === 0 && !keepsZeros ? (x.dims[axis] ?? 0) : dim));
  const unknown = dims.indexOf(-1);
  if (unknown >= 0) {
    const rest = sizeOf(dims.filter((_, axis) => axis !== unknown));
    dims[unknown] = rest === 0 ? 0 : x.size / rest;
  }
  if (dims.some((dim) => dim < 0 || !Number.isInteger(dim)) || sizeOf(dims) !== x.size) {
    call.fail(`[${x.dims.join(",")}] cannot be reshaped to [${wanted.join(",")}]`);
  }
  return x.reshape(dims);
};

const flatten: Kernel = (call) => {
  const x = call.tensor(0);
  const axis = call.node.int("axis", 1);
  const split = axis < 0 ? axis + x.dims.length : axis;
  return x.reshape([sizeOf(x.dims.slice(0, split)), sizeOf(x.dims.slice(split))]);
};

const squeeze: Kernel = (call) => {
  const x = call.tensor(0);
  const given = call.optional(1);
  if (given === null) return x.reshape(x.dims.filter((dim) => dim !== 1));
  const axes = new Set(integers(given).map((axis) => call.axis(axis, x.dims.length)));
  for (const axis of axes) {
    if (x.dims[axis] !== 1) call.fail(`axis ${axis} of [${x.dims.join(",")}] is not 1 and cannot be squeezed`);
  }
  return x.reshape(x.dims.filter((_, axis) => !axes.has(axis)));
};

const unsqueeze: Kernel = (call) => {
  const x = call.tensor(0);
  const given = integers(call.tensor(1));
  const rank = x.dims.length + given.length;
  const axes = new Set(given.map((axis) => call.axis(axis, rank)));
  if (axes.size !== given.length) call.fail(`axes [${given.join(",")}] name an axis twice`);
  const rest = [...x.dims];
  return x.reshape(Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : rest.shift()!)));
};

const shape: Kernel = (call) => {
  const { dims } = call.tensor(0);
  return int64Tensor(dims.slice(call.node.int("start", 0), call.node.int("end", dims.length)));
};

const transpose: Kernel = (call) => {
  const x = call.tensor(0);
  const rank = x.dims.length;
  const perm = call.node.ints("perm", null) ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (perm.length !== rank || new Set(perm).size !== rank) {
    call.fail(`perm [${perm.join(",")}] does not permute the axes of [${x.dims.join(",")}]`);
  }
  return permuted(x, perm);
};

/** A tensor with its axes in another order. */
export function permuted(x: Tensor, perm: readonly number[]): Tensor {
  const strides = stridesOf(x.dims);
  const dims = perm.map((axis) => x.dims[axis]!);
  return take(
    x,
    dims,
    stridedIndices(
      dims,
      perm.map((axis) => strides[axis]!),
    ),
  );
}

const expand: Kernel = (call) => {
  const x = call.tensor(0);
  const wanted = integers(call.tensor(1));
  const dims =
    broadcastDims(x.dims, wanted) ?? call.fail(`[${x.dims.join(",")}] cannot be expanded to [${wanted.join(",")}]`);
  return take(x, dims, broadcastIndices(x.dims, dims));
};

const tile: Kernel = (call) => {
  const x = call.tensor(0);
  const repeats = integers(call.tensor(1));
  if (repeats.length !== x.dims.length) call.fail(`${repeats.length} repeats for [${x.dims.join(",")}]`);
  // Every axis becomes a pair (repeat, index), of which only the index moves in the operand.
  const strides = stridesOf(x.dims);
  const places = stridedIndices(
    x.dims.flatMap((dim, axis) => [repeats[axis]!, dim]),
    strides.flatMap((stride) => [0, stride]),
  );
  return take(
    x,
    x.dims.map((dim, axis) => dim * repeats[axis]!),
    places,
  );
};

/** The block size and the six dimensions of both directions of depth-to-space. */
function blocks(call: KernelCall): { readonly x: Tensor; readonly block: number } {
  const x = call.tensor(0);
  if (x.dims.length !== 4) call.fail(`needs rank 4, got [${x.dims.join(",")}]`);
  return { x, block: call.node.int("blocksize", 1) };
}

const depthToSpace: Kernel = (call) => {
  const { x, block } = blocks(call);
  const [n, c, h, w] = x.dims as [number, number, number, number];
  const depth = c / (block * block);
  if (!Number.isInteger(depth)) call.fail(`${c} channels are not a multiple of blocksize² ${block * block}`);
  const columnFirst = call.node.string("mode", "DCR") === "CRD";
  const split = columnFirst
    ? permuted(x.reshape([n, depth, block, block, h, w]), [0, 1, 4, 2, 5, 3])
    : permuted(x.reshape([n, block, block, depth, h, w]), [0, 3, 4, 1, 5, 2]);
  return split.reshape([n, depth, h * block, w * block]);
};

const spaceToDepth: Kernel = (call) => {
  const { x, block } = blocks(call);
  const [n, c, h, w] = x.dims as [number, number, number, number];
  if (h % block !== 0 || w % block !== 0) call.fail(`${h} x ${w} is not a multiple of blocksize ${block}`);
  const split = x.reshape([n, c, h / block, block, w / block, block]);
  return permuted(split, [0, 3, 5, 1, 2, 4]).reshape([n, c * block * block, h / block, w / block]);
};

/** Ops that move or rename elements by shape alone; exact for every dtype. */
export const shapeKernels = {
  Identity: (call) => call.tensor(0),
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Shape: shape,
  Size: (call) => int64Tensor([call.tensor(0).size], []),
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
} satisfies Readonly<Record<string, Kernel>>;
