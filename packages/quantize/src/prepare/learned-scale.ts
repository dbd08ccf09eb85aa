import { elementCount, Tensor, type GraphEditor, type Value } from "@lowbit/ir";

/** What a learned scale is for: it decides how LSQ scales the gradient. */
export interface ScaleUse {
  /** Elements of data, or of an activation for one sample, that share one scale. */
  readonly elements: number;
  /** The largest code of positive numbers. */
  readonly largestCode: number;
}

/** scale · exp(ratio), with the gradient of `ratio` as LSQ scales it. */
export function learnedScale(editor: GraphEditor, scale: Value, ratio: Value, use: ScaleUse): Value {
  const { op } = editor;
  return op.Mul([scale, op.Exp([scaledGradient(editor, ratio, scale, use)])]);
}

/** A parameter whose gradient is multiplied by g / unit², g = 1/√(N·Q): N elements share a scale, Q is the largest code. */
export function scaledGradient(editor: GraphEditor, parameter: Value, unit: Value, use: ScaleUse): Value {
  const { op } = editor;
  const g = 1 / Math.sqrt(use.elements * use.largestCode);
  const factor = op.Div([editor.initializer(Tensor.scalar("float", g), "gradient_scale"), op.Mul([unit, unit])]);
  return op.ScaleGradient([parameter, factor]);
}

/** A parameter of zeros: a scale as it was observed. */
export function unlearnedRatio(editor: GraphEditor, name: string, dims: readonly number[]): Value {
  const zeros = Tensor.fromTyped("float", dims, new Float32Array(elementCount(dims)!));
  return editor.initializer(zeros, name, "parameter");
}

/** The largest code of positive numbers that is above 0, or the width of codes that are never negative. */
export function largestCodeOf(qmin: number, qmax: number): number {
  return qmin < 0 ? Math.max(qmax, 1) : qmax - qmin;
}
