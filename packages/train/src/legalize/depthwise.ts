import type { Value } from "@lowbit/ir";
import type { StaticWindow } from "./window.ts";

/** A convolution with one channel per group, and its gradients, in a form of their own. */
export interface DepthwiseForm {
  forward(x: Value, w: Value, bias: Value | null): Value;
  toInput(dy: Value, w: Value): Value;
  toWeight(dy: Value, x: Value): Value;
}

/** A convolution whose groups are its channels. */
export interface DepthwiseShape {
  readonly channels: number;
  readonly window: StaticWindow;
  readonly input: readonly number[];
  readonly output: readonly number[];
}
