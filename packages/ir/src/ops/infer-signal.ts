import { shapeText, tensorType, type Dim } from "../types.ts";
import { axisIndex } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** DFT: complex numbers (a last axis of 2), on half of the axis with `onesided`. */
export function inferDft(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  if (shape.length < 2) context.fail(`input ${shapeText(shape)} must have at least 2 axes`);
  const isOnesided = context.node.int("onesided", 0) !== 0;
  const isInverse = context.node.int("inverse", 0) !== 0;
  const last = isOnesided && isInverse ? 1 : 2;
  const wanted = context.has(2) ? (context.elements(2)?.[0] ?? null) : -2;
  if (typeof wanted !== "number") {
    return { types: [tensorType(dtype, [...shape.slice(0, -1).map((): Dim => null), last])] };
  }
  const axis = axisIndex(context, wanted, shape.length);
  const given = context.has(1) ? (context.elements(1)?.[0] ?? null) : undefined;
  const length = transformLength(shape[axis]!, given, isOnesided, isInverse);
  return { types: [tensorType(dtype, shape.with(axis, length).with(-1, last))] };
}

function transformLength(size: Dim, given: Dim | undefined, isOnesided: boolean, isInverse: boolean): Dim {
  if (!isOnesided) return given === undefined ? size : given;
  if (!isInverse) {
    const length = given === undefined ? size : given;
    return typeof length === "number" ? Math.floor(length / 2) + 1 : null;
  }
  if (given !== undefined) return given;
  return typeof size === "number" ? (size - 1) * 2 : null;
}

/** STFT: [batch, frames, bins, 2]. */
export function inferStft(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const signal = context.shape(0);
  const step = context.elements(1)?.[0] ?? null;
  const length = context.has(3) ? (context.elements(3)?.[0] ?? null) : (context.shape(2)?.[0] ?? null);
  const samples = signal?.[1] ?? null;
  const isKnown = typeof step === "number" && typeof length === "number" && typeof samples === "number";
  const frames = isKnown && step > 0 ? Math.floor((samples - length) / step) + 1 : null;
  const isOnesided = context.node.int("onesided", 1) !== 0;
  const bins = typeof length === "number" ? (isOnesided ? Math.floor(length / 2) + 1 : length) : null;
  return { types: [dtype && tensorType(dtype, [signal?.[0] ?? null, frames, bins, 2])] };
}

/** Det: batches of square matrices to batches of numbers. */
export function inferDet(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (shape && shape.length < 2) context.fail(`X ${shapeText(shape)} must have at least 2 axes`);
  return { types: [dtype && tensorType(dtype, shape && shape.slice(0, -2))] };
}
