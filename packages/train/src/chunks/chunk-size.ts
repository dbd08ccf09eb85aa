import { byteLength, elementCount, type Value } from "@lowbit/ir";
import type { SampledPart } from "./follow-samples.ts";

/** Bytes that the results in between of one chunk take all together; those that are alive at a time then stay in a cache. */
const perChunk = 64 * 2 ** 20;

/** Bytes per result in between from which on starting a kernel costs little beside its work. */
const perResult = 256 * 2 ** 10;

/** How many times the bytes that chunks leave to be brought together those in between must be. */
const leftShare = 8;

/**
 * How many samples to compute at a time: as many as caches hold and as keep kernels busy, among those that divide the batch. Null
 * where that is the whole batch, where only much smaller chunks divide it, or where much is left to be brought together.
 *
 * (CNN of the bench at batch 256, as time per image beside batch 32: 1.11 in one go, 1.00 by 16, 0.95 by 32, 0.98 by 64. MobileNetV2
 * with frozen BatchNormalization at 16: 1.65 by 1, 1.14 by 4 and 1.01 by 8 of the time in one go; at 64, 0.95 by 8, 0.92 by 16.)
 */
export function chunkOf({ outcomes, axes }: SampledPart, samples: number): number | null {
  const made = [...axes.keys()].filter((value) => value.producer !== null);
  const inBetween = sum(made.map(bytesOf));
  const left = sum([...outcomes].map(([node, { kind }]) => (kind === "each" ? 0 : bytesOf(node.output))));
  const fitting = Math.floor((Math.max(perChunk, perResult * made.length) * samples) / inBetween);
  if (fitting >= samples) return null;
  const chunk = divisors(samples).findLast((size) => size <= fitting) ?? 1;
  const isTooSmall = chunk * 2 <= fitting;
  return isTooSmall || left * (samples / chunk) * leftShare > inBetween ? null : chunk;
}

function bytesOf(value: Value): number {
  return byteLength(value.dtype!, elementCount(value.shape)!);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function divisors(of: number): readonly number[] {
  return Array.from({ length: of }, (_, index) => index + 1).filter((divisor) => of % divisor === 0);
}
