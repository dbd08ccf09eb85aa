import type { Node } from "../graph/node.ts";
import type { Dim, Shape } from "../types.ts";
import type { InferContext } from "./define-op.ts";
import { divideDims, multiplyDims } from "./dim-algebra.ts";

/** How a kernel moves over the spatial axes: one entry per axis. */
export interface Window {
  readonly kernel: readonly Dim[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  /** `SAME_UPPER` and `SAME_LOWER` pad so that only the stride makes the result smaller; `VALID` does not pad. */
  readonly autoPad: "NOTSET" | "SAME_UPPER" | "SAME_LOWER" | "VALID";
  readonly ceil: boolean;
}

/** The window a node's attributes describe. Fails when lists have a wrong length or values are out of range. */
export function windowOf(context: InferContext, spatialRank: number, kernel: readonly Dim[]): Window {
  const { node } = context;
  const perAxis = (name: string, fallback: number, least: number, length = spatialRank): readonly number[] => {
    const values = node.ints(name, null);
    if (values === null || values.length === 0) return Array.from({ length }, () => fallback);
    if (values.length !== length) context.fail(`${name} has ${values.length} entries, ${length} are needed`);
    const bad = values.find((value) => value < least);
    if (bad !== undefined) context.fail(`${name} contains ${bad}, which is less than ${least}`);
    return values;
  };
  if (kernel.length !== spatialRank) {
    context.fail(`the kernel has ${kernel.length} axes, but the operand has ${spatialRank} spatial axes`);
  }
  const small = kernel.find((size) => typeof size === "number" && size < 1);
  if (small !== undefined) context.fail(`the kernel [${kernel.join(",")}] has a size of ${small}`);
  const autoPad = autoPadOf(node);
  if (autoPad === null) context.fail(`auto_pad "${node.string("auto_pad", "")}" is not a padding mode`);
  const pads = perAxis("pads", 0, -Infinity, 2 * spatialRank);
  const explicit = autoPad === "NOTSET" ? pads : pads.map(() => 0);
  return {
    kernel,
    strides: perAxis("strides", 1, 1),
    dilations: perAxis("dilations", 1, 1),
    padsBegin: explicit.slice(0, spatialRank),
    padsEnd: explicit.slice(spatialRank),
    autoPad: autoPad!,
    ceil: node.int("ceil_mode", 0) === 1,
  };
}

function autoPadOf(node: Node): Window["autoPad"] | null {
  const mode = node.string("auto_pad", "") || "NOTSET";
  return mode === "NOTSET" || mode === "SAME_UPPER" || mode === "SAME_LOWER" || mode === "VALID" ? mode : null;
}

/** Sizes of what a window moves over, from the sizes of the spatial axes. */
export function windowOutput(context: InferContext, spatial: Shape, window: Window): Shape {
  return spatial.map((size, axis) => {
    const kernel = window.kernel[axis]!;
    const stride = window.strides[axis]!;
    if (window.autoPad.startsWith("SAME")) {
      return typeof size === "number" ? Math.ceil(size / stride) : divideDims(size, stride);
    }
    if (typeof kernel !== "number") return null;
    const extent = (kernel - 1) * window.dilations[axis]! + 1;
    const pads = window.padsBegin[axis]! + window.padsEnd[axis]!;
    if (typeof size !== "number") return symbolicOutput(size, pads - extent, stride, window.ceil);
    const room = size + pads - extent;
    if (room < 0) {
      context.fail(
        `the kernel covers ${extent} elements of axis ${axis + 2}, which has ${size} and ${pads} of padding`,
      );
    }
    const steps = window.ceil ? Math.ceil(room / stride) : Math.floor(room / stride);
    const startsBehind = window.ceil && steps * stride >= size + window.padsBegin[axis]!;
    return startsBehind ? steps : steps + 1;
  });
}

/** Sizes of what a transposed window writes, from the sizes of the spatial axes. */
export function transposedWindowOutput(context: InferContext, spatial: Shape, window: Window): Shape {
  const { node } = context;
  const given = node.ints("output_shape", null);
  if (given && given.length > 0) return given.slice(-spatial.length);
  const extra = node.ints("output_padding", null);
  return spatial.map((size, axis) => {
    const kernel = window.kernel[axis]!;
    const stride = window.strides[axis]!;
    if (window.autoPad.startsWith("SAME")) return multiplyDims(size, stride);
    if (typeof kernel !== "number") return null;
    const extent = (kernel - 1) * window.dilations[axis]! + 1;
    const grown = extent + (extra?.[axis] ?? 0) - window.padsBegin[axis]! - window.padsEnd[axis]!;
    if (typeof size === "number") return stride * (size - 1) + grown;
    return grown === stride ? multiplyDims(size, stride) : null;
  });
}

/** The places of a window over a symbolic size, when the size is a multiple of the stride: padding then adds none. */
function symbolicOutput(size: Dim, spare: number, stride: number, ceil: boolean): Dim {
  const added = Math.floor(spare / stride) + 1;
  return added === 0 && (!ceil || stride === 1) ? divideDims(size, stride) : null;
}
