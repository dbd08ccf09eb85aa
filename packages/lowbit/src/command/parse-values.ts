import { InvalidArgumentError } from "commander";
import type { PruningPattern } from "@lowbit/train";

/** A whole number of at least 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

/** A whole number of at least 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be a whole number of at least 0.");
}

/** A number above 0. */
export function positiveNumber(text: string): number {
  const value = toNumber(text);
  if (value !== null && value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

/** A number of at least 0. */
export function numberFromZero(text: string): number {
  const value = toNumber(text);
  if (value !== null && value >= 0) return value;
  throw new InvalidArgumentError("It must be a number of at least 0.");
}

/** A number from 0 to 1. */
export function share(text: string): number {
  const value = toNumber(text);
  if (value !== null && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}

/** Numbers separated by commas. */
export function numberList(text: string): readonly number[] {
  return text.split(",").map((part) => {
    const value = toNumber(part);
    if (value === null) throw new InvalidArgumentError("It must be a number, or numbers separated by commas.");
    return value;
  });
}

/** Numbers above 0, each larger than the one before, separated by commas. */
export function milestoneList(text: string): readonly number[] {
  const values = numberList(text);
  if (values.every((value, i) => value > (values[i - 1] ?? 0))) return values;
  throw new InvalidArgumentError("It must be numbers above 0 in rising order, separated by commas.");
}

/** A number as people write them, fractions such as `1/255` included; null where the text is none. */
export function toNumber(text: string): number | null {
  const parts = text.split("/").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (parts.length > 2) return null;
  const value = parts[0]! / (parts[1] ?? 1);
  return Number.isFinite(value) ? value : null;
}

/** `N:M`, `magnitude:SHARE`, or `magnitude-all:SHARE` for one threshold over all weights. */
export function pruningPattern(text: string): PruningPattern {
  const [, keep, of] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (keep !== undefined && Number(keep) > 0 && Number(keep) < Number(of))
    return { keep: Number(keep), of: Number(of) };
  const [, over, rest] = /^(magnitude|magnitude-all):(.+)$/.exec(text) ?? [];
  const magnitude = rest === undefined ? null : toNumber(rest);
  if (magnitude !== null && magnitude > 0 && magnitude < 1) {
    return { magnitude, over: over === "magnitude" ? "tensor" : "all" };
  }
  throw new InvalidArgumentError(
    "It must be N:M with N below M, as 2:4, or magnitude:S or magnitude-all:S, 0 < S < 1.",
  );
}
