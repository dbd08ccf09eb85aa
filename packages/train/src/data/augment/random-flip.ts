import type { Augmentation } from "./augmentation.ts";
import { moveImages, type MoveImages } from "./images.ts";

/** Mirrors images left to right with a probability. Default: one half. */
export function randomFlip(probability = 0.5): Augmentation {
  return {
    name: `flip:${probability}`,
    augment: (batch, random) =>
      moveImages(
        batch,
        random,
        (next) => next() < probability,
        (flips) => (flips ? mirror : copy),
      ),
  };
}

const mirror: MoveImages = (source, result, from, { planes, height, width, depth }) => {
  for (let row = 0; row < planes * height; row++) {
    const start = from + row * width * depth;
    for (let x = 0; x < width; x++) {
      const [to, at] = [start + x * depth, start + (width - 1 - x) * depth];
      for (let d = 0; d < depth; d++) result[to + d] = source[at + d]!;
    }
  }
};

const copy: MoveImages = (source, result, from, { planes, height, width, depth }) => {
  result.set(source.subarray(from, from + planes * height * width * depth) as never, from);
};
