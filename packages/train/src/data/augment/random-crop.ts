import { cropOfTargets } from "../../diagnostics.ts";
import type { Augmentation } from "./augmentation.ts";
import { moveImages, type ImagePlanes, type MoveImages } from "./images.ts";

/** Settings of `randomCrop`. */
export interface RandomCropOptions {
  /** Pixels added on every side, at least 1. */
  readonly padding: number;
  /** What they hold, one number or one per channel: 0 of the data before it was normalized, for example. Default 0. */
  readonly fill?: readonly number[];
}

/** How far a window is moved, in pixels. */
interface Shift {
  readonly x: number;
  readonly y: number;
}

/**
 * Pads images on all sides and cuts a window of the old size out at a random place.
 *
 * @throws CompileError `data/crop-of-targets` from batches whose targets have a number per pixel: nobody knows what the
 *   padding is
 */
export function randomCrop({ padding, fill = [0] }: RandomCropOptions): Augmentation {
  const draw = (next: () => number): Shift => {
    const shift = (): number => Math.floor(next() * (2 * padding + 1)) - padding;
    return { x: shift(), y: shift() };
  };
  return {
    name: `crop:${padding}:${fill.join(":")}`,
    augment: (batch, random) =>
      moveImages(batch, random, draw, (shift, isTarget) => {
        if (isTarget) throw cropOfTargets();
        return shifted(shift, fill);
      }),
  };
}

function shifted({ x, y }: Shift, fill: readonly number[]): MoveImages {
  return (source, result, from, planes) => {
    const { height, width, depth } = planes;
    for (let plane = 0; plane < planes.planes; plane++) {
      for (let row = 0; row < height; row++) {
        const to = from + (plane * height + row) * width * depth;
        const at = row + y;
        const inside = at >= 0 && at < height;
        const [left, right] = inside ? [Math.max(0, -x), Math.min(width, width - x)] : [width, width];
        pad(result, to, 0, left, plane, planes, fill);
        pad(result, to, right, width, plane, planes, fill);
        if (!inside) continue;
        const start = from + (plane * height + at) * width * depth;
        result.set(
          source.subarray(start + (left + x) * depth, start + (right + x) * depth) as never,
          to + left * depth,
        );
      }
    }
  };
}

function pad(
  result: Parameters<MoveImages>[1],
  row: number,
  begin: number,
  end: number,
  plane: number,
  { depth }: ImagePlanes,
  fill: readonly number[],
): void {
  for (let x = begin; x < end; x++) {
    for (let d = 0; d < depth; d++) {
      const channel = depth === 1 ? plane : d;
      const value = fill.length === 1 ? fill[0]! : (fill[channel] ?? 0);
      (result as Float32Array)[row + x * depth + d] = value;
    }
  }
}
