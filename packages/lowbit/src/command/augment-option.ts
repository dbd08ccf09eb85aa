import { InvalidArgumentError } from "commander";
import { randomCrop, randomFlip, type Augmentation } from "@lowbit/train";
import type { NormalizationOptions } from "./data-options.ts";

/** An augmentation as the command line names it; crops need the padding's color, which normalization decides. */
export type NamedAugmentation = (fill: readonly number[]) => Augmentation;

/** Augmentations separated by commas: `flip`, `crop:4`. */
export function augmentationList(text: string): readonly NamedAugmentation[] {
  return text.split(",").map((part) => {
    const name = part.trim();
    if (name === "flip") return () => randomFlip();
    const padding = Number(/^crop:(\d+)$/.exec(name)?.[1] ?? 0);
    if (padding > 0) return (fill) => randomCrop({ padding, fill });
    throw new InvalidArgumentError("It must be flip, crop:PIXELS (1 or more), or both separated by a comma.");
  });
}

/** What black, 0 in the data, is after normalization: one number, or one per channel. */
export function blackAfter({ mean = [0], std = [1] }: NormalizationOptions): readonly number[] {
  const channels = Math.max(mean.length, std.length);
  const at = (list: readonly number[], channel: number): number => list[list.length === 1 ? 0 : channel]!;
  return Array.from({ length: channels }, (_, channel) => (0 - at(mean, channel)) / at(std, channel));
}
