import type { Node } from "@lowbit/ir";

/** The attributes of a convolution window as a builder takes them; undefined where the node leaves the default. */
export interface ConvWindow {
  readonly auto_pad: string | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly group: number | undefined;
  readonly kernel_shape: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
  readonly strides: readonly number[] | undefined;
}

/** The window of a convolution node. */
export function convWindow(node: Node): ConvWindow {
  const group = node.int("group", 1);
  return {
    auto_pad: autoPad(node),
    dilations: list(node, "dilations"),
    group: group === 1 ? undefined : group,
    kernel_shape: list(node, "kernel_shape"),
    pads: list(node, "pads"),
    strides: list(node, "strides"),
  };
}

/** The attributes of a pooling window as a builder takes them. */
export interface PoolWindow {
  readonly auto_pad: string | undefined;
  readonly ceil_mode: number | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly kernel_shape: readonly number[];
  readonly pads: readonly number[] | undefined;
  readonly strides: readonly number[] | undefined;
}

/** The window of a pooling node. */
export function poolWindow(node: Node): PoolWindow {
  return {
    auto_pad: autoPad(node),
    ceil_mode: node.int("ceil_mode", 0) || undefined,
    dilations: list(node, "dilations"),
    kernel_shape: node.ints("kernel_shape", []),
    pads: list(node, "pads"),
    strides: list(node, "strides"),
  };
}

function autoPad(node: Node): string | undefined {
  const mode = node.string("auto_pad", "NOTSET");
  return mode === "NOTSET" || mode === "" ? undefined : mode;
}

function list(node: Node, name: string): readonly number[] | undefined {
  const values = node.ints(name, null);
  return values === null || values.length === 0 ? undefined : values;
}
