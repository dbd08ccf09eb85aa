import type { Node } from "@lowbit/ir";

/** A convolution or pooling window over spatial axes with all attributes resolved to numbers, one entry per axis. */
export interface StaticWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/** Resolves a node's window for an operand and a result of the given spatial sizes; `auto_pad` becomes explicit pads. */
export function staticWindow(
  node: Node,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): StaticWindow {
  const rank = kernel.length;
  const ones = Array.from({ length: rank }, () => 1);
  const strides = node.ints("strides", null) ?? ones;
  const dilations = node.ints("dilations", null) ?? ones;
  const mode = node.string("auto_pad", "NOTSET") || "NOTSET";
  if (mode === "SAME_UPPER" || mode === "SAME_LOWER") {
    const total = input.map((size, axis) =>
      Math.max(0, (output[axis]! - 1) * strides[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1 - size),
    );
    const smaller = total.map((pad) => Math.floor(pad / 2));
    const larger = total.map((pad, axis) => pad - smaller[axis]!);
    const upper = mode === "SAME_UPPER";
    return { kernel, strides, dilations, padsBegin: upper ? smaller : larger, padsEnd: upper ? larger : smaller };
  }
  const pads = mode === "VALID" ? null : node.ints("pads", null);
  const zeros = ones.map(() => 0);
  return {
    kernel,
    strides,
    dilations,
    padsBegin: pads?.slice(0, rank) ?? zeros,
    padsEnd: pads?.slice(rank) ?? zeros,
  };
}

/** What the far end of each axis must be padded with so that the window covers exactly `output` positions. */
export function exactPadsEnd(
  window: StaticWindow,
  input: readonly number[],
  output: readonly number[],
): readonly number[] {
  return input.map(
    (size, axis) =>
      (output[axis]! - 1) * window.strides[axis]! +
      (window.kernel[axis]! - 1) * window.dilations[axis]! +
      1 -
      size -
      window.padsBegin[axis]!,
  );
}
