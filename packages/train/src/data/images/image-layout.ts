import type { Shape } from "@lowbit/ir";
import { notAnImageInput } from "../../diagnostics.ts";
import type { InputSpec } from "../data-options.ts";

/** How a model takes images. */
export interface ImageLayout {
  readonly height: number;
  readonly width: number;
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** Whether a channel's plane lies together (NCHW) or a pixel's channels do (NHWC). */
  readonly planar: boolean;
}

/** The layout of an input [N, C, H, W] or [N, H, W, C] with 1 or 3 channels. @throws CompileError `data/not-an-image-input` */
export function imageLayout(input: InputSpec): ImageLayout {
  const layout = input.shape === null ? null : layoutOf(input.shape);
  if (!layout) throw notAnImageInput(input);
  return layout;
}

function layoutOf(shape: Shape): ImageLayout | null {
  if (shape.length !== 4) return null;
  const planar = isChannels(shape[1]);
  const channels = planar ? shape[1] : shape[3];
  const [height, width] = planar ? [shape[2], shape[3]] : [shape[1], shape[2]];
  if (!isChannels(channels) || !isSize(height) || !isSize(width)) return null;
  return { height, width, channels, planar };
}

function isChannels(dim: unknown): dim is 1 | 3 {
  return dim === 1 || dim === 3;
}

function isSize(dim: unknown): dim is number {
  return typeof dim === "number" && dim > 0;
}
