import { Tensor, type TypedArray } from "@lowbit/ir";
import { noImages } from "../../diagnostics.ts";
import type { Batch } from "../dataset.ts";
import { arrayLike } from "../stack.ts";
import type { RandomOf } from "./augmentation.ts";

/** Where the elements of images lie: `planes` images of `height` by `width` pixels with `depth` elements each, per sample. */
export interface ImagePlanes {
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly depth: number;
}

/** Copies one sample's images in changed form. @param from index of the sample's first element, in both arrays */
export type MoveImages = (source: TypedArray, result: TypedArray, from: number, planes: ImagePlanes) => void;

/**
 * Moves the pixels of every sample. All image inputs of a batch ([N,C,H,W], or [N,H,W,C] where only the last axis has at
 * most 4 channels), and targets that have a number per pixel, move alike.
 *
 * @param draw the movement of one sample, from its random numbers; @throws CompileError `data/not-an-image-input`
 */
export function moveImages<T>(
  batch: Batch,
  random: RandomOf,
  draw: (next: () => number, planes: ImagePlanes) => T,
  move: (movement: T, isTarget: boolean) => MoveImages,
): Batch {
  const images = Object.entries(batch.inputs).flatMap(([name, tensor]) => {
    const planes = planesOf(tensor);
    return planes ? [{ name, tensor, planes }] : [];
  });
  const [first] = images;
  if (!first) throw noImages(Object.entries(batch.inputs).map(([name, { dims }]) => ({ name, dims })));
  const movements = Array.from({ length: batch.size }, (_, sample) => draw(random(sample), first.planes));
  const moved = (tensor: Tensor, planes: ImagePlanes, isTarget: boolean): Tensor => {
    const source = tensor.typed();
    const result = arrayLike(source, source.length);
    const perSample = source.length / batch.size;
    movements.forEach((movement, sample) => move(movement, isTarget)(source, result, sample * perSample, planes));
    return Tensor.fromTyped(tensor.dtype, tensor.dims, result);
  };
  const target = batch.target && targetPlanes(batch.target, first.planes);
  return {
    ...batch,
    inputs: {
      ...batch.inputs,
      ...Object.fromEntries(images.map(({ name, tensor, planes }) => [name, moved(tensor, planes, false)])),
    },
    ...(target ? { target: moved(batch.target!, target, true) } : {}),
  };
}

function planesOf({ dims }: Tensor): ImagePlanes | null {
  if (dims.length !== 4) return null;
  const [, a, b, c] = dims as readonly [number, number, number, number];
  const interleaved = c <= 4 && a > 4;
  return interleaved ? { planes: 1, height: a, width: b, depth: c } : { planes: a, height: b, width: c, depth: 1 };
}

/** Targets with a number per pixel: [N, H, W], or [N, C, H, W]. */
function targetPlanes({ dims }: Tensor, { height, width }: ImagePlanes): ImagePlanes | null {
  const fits = dims.length >= 3 && dims.length <= 4 && dims.at(-2) === height && dims.at(-1) === width;
  return fits ? { planes: dims.length === 4 ? dims[1]! : 1, height, width, depth: 1 } : null;
}
