import { shapeText, tensorType, type Dim, type Shape } from "../types.ts";
import { axisIndex, checkRank, checkSameDim } from "./axes.ts";
import { dimProduct, divideDims, multiplyDims } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";

function ofFirst(context: InferContext, shape: Shape | null): Inferred {
  const dtype = context.dtype(0);
  return { types: [dtype && tensorType(dtype, shape)] };
}

/** Resize: the axes get the sizes, or the floor of their size times the scales. */
export function inferResize(context: InferContext): Inferred {
  const shape = context.shape(0);
  const hasSizes = context.has(3);
  const hasScales = context.has(2) && !(context.shape(2)?.[0] === 0 && hasSizes);
  if (!hasSizes && !hasScales) context.fail("needs scales or sizes");
  if (shape === null) return ofFirst(context, null);
  const axes = (context.node.ints("axes", null) ?? shape.map((_, axis) => axis)).map((axis) =>
    axisIndex(context, axis, shape.length),
  );
  const given = context.elements(hasSizes ? 3 : 2);
  if (given && given.length !== axes.length) {
    context.fail(`${hasSizes ? "sizes" : "scales"} has ${given.length} entries for ${axes.length} axes`);
  }
  const resized: Dim[] = [...shape];
  const policy = context.node.string("keep_aspect_ratio_policy", "stretch");
  const common = hasSizes && policy !== "stretch" ? commonScale(shape, axes, given, policy) : null;
  for (const [i, axis] of axes.entries()) {
    const size = shape[axis]!;
    const wanted = given?.[i] ?? null;
    if (hasSizes && policy === "stretch") resized[axis] = wanted;
    else resized[axis] = hasSizes ? rounded(size, common) : scaled(size, wanted);
  }
  return ofFirst(context, resized);
}

/** The one scale that fits all sizes: the smallest (`not_larger`) or the largest. */
function commonScale(
  shape: Shape,
  axes: readonly number[],
  sizes: readonly Dim[] | null,
  policy: string,
): number | null {
  const scales = axes.map((axis, i) => {
    const [from, to] = [shape[axis], sizes?.[i]];
    return typeof from === "number" && typeof to === "number" ? to / from : Number.NaN;
  });
  const [pick, worst] = policy === "not_larger" ? [Math.min, Infinity] : [Math.max, -Infinity];
  const scale = scales.reduce((best, next) => pick(best, next), worst);
  return Number.isFinite(scale) ? scale : null;
}

function rounded(size: Dim, scale: number | null): Dim {
  return typeof size === "number" && scale !== null ? Math.floor(size * scale + 0.5) : null;
}

function scaled(size: Dim, scale: Dim): Dim {
  if (typeof size === "string") return multiplyDims(size, scale);
  return typeof size === "number" && typeof scale === "number" ? Math.floor(size * scale) : null;
}

/** DepthToSpace: channels become blocks of pixels. */
export function inferDepthToSpace(context: InferContext): Inferred {
  const shape = context.shape(0);
  checkRank(context, shape, 4, "input");
  const block = blockSize(context);
  if (shape === null) return ofFirst(context, null);
  const [batch, channels, height, width] = shape as readonly [Dim, Dim, Dim, Dim];
  if (typeof channels === "number" && channels % (block * block) !== 0) {
    context.fail(`channels ${channels} must be a multiple of blocksize² ${block * block}`);
  }
  return ofFirst(context, [
    batch,
    divideDims(channels, block * block),
    multiplyDims(height, block),
    multiplyDims(width, block),
  ]);
}

/** SpaceToDepth: blocks of pixels become channels. */
export function inferSpaceToDepth(context: InferContext): Inferred {
  const shape = context.shape(0);
  checkRank(context, shape, 4, "input");
  const block = blockSize(context);
  if (shape === null) return ofFirst(context, null);
  const [batch, channels, height, width] = shape as readonly [Dim, Dim, Dim, Dim];
  for (const size of [height, width]) {
    if (typeof size === "number" && size % block !== 0) {
      context.fail(`spatial size ${size} must be a multiple of blocksize ${block}`);
    }
  }
  return ofFirst(context, [
    batch,
    multiplyDims(channels, block * block),
    divideDims(height, block),
    divideDims(width, block),
  ]);
}

function blockSize(context: InferContext): number {
  const block = context.node.int("blocksize", 0);
  if (block < 1) context.fail(`blocksize ${block} is less than 1`);
  return block;
}

/** GridSample: the batch and channels of X, the places of the grid. */
export function inferGridSample(context: InferContext): Inferred {
  const x = context.shape(0);
  const grid = context.shape(1);
  if (x === null || grid === null) return ofFirst(context, null);
  if (x.length !== grid.length) context.fail(`X ${shapeText(x)} and grid ${shapeText(grid)} must have one rank`);
  checkSameDim(context, x[0]!, grid[0]!, "batch of X", "batch of grid");
  return ofFirst(context, [x[0]!, x[1]!, ...grid.slice(1, -1)]);
}

/** AffineGrid: one place (2 or 3 coordinates) per pixel of the given size [N, C, ...]. */
export function inferAffineGrid(context: InferContext): Inferred {
  const size = context.elements(1);
  if (size === null) return ofFirst(context, null);
  if (size.length !== 4 && size.length !== 5) context.fail(`size [${size.join(",")}] must have 4 or 5 entries`);
  return ofFirst(context, [size[0]!, ...size.slice(2), size.length - 2]);
}

/** Col2Im: [N, C·blocks, L] back to images [N, C, ...image_shape]. */
export function inferCol2Im(context: InferContext): Inferred {
  const shape = context.shape(0);
  checkRank(context, shape, 3, "input");
  const image = context.elements(1);
  const block = context.elements(2);
  if (image === null) return ofFirst(context, null);
  const size = block && dimProduct(block);
  const channels = shape && typeof size === "number" ? divideDims(shape[1]!, size) : null;
  return ofFirst(context, [shape?.[0] ?? null, channels, ...image]);
}
