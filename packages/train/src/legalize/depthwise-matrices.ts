import { Tensor, type Value } from "@lowbit/ir";
import { exchangeBatch } from "./exchange-batch.ts";
import { alongAxis, dims, reshape, type LegalizeContext } from "./legalization.ts";
import type { DepthwiseForm, DepthwiseShape } from "./depthwise.ts";
import type { StaticWindow } from "./window.ts";

/**
 * Most pairs of input and output positions for which a depthwise convolution is a matrix product per channel. ONNX Runtime
 * convolves plane by plane, and small planes cost more to begin than to compute.
 */
const mostPairs = 36 * 36;

/**
 * A depthwise convolution of small planes as one matrix per channel: M[c] = Σ_t w[c,t]·S[t], where S[t] holds a 1 for every
 * pair (output position, input position) that tap t connects. Then Y = X·Mᵀ, dX = dY·M and dw[c,t] = Σ S[t]∘(dYᵀ·X).
 * Null where planes are too large for it to pay.
 */
export function depthwiseMatrices(context: LegalizeContext, shape: DepthwiseShape): DepthwiseForm | null {
  const { op, editor } = context;
  const { channels, window, input, output } = shape;
  const [inputs, outputs] = [product(input), product(output)];
  if (inputs * outputs > mostPairs) return null;
  const taps = product(window.kernel);
  const pairs = editor.initializer(
    Tensor.fromTyped("float", [taps, outputs * inputs], connections(window, input, output)),
    "connections",
  );
  const matrices = (w: Value): Value =>
    reshape(context, op.MatMul([reshape(context, w, [channels, taps]), pairs]), [channels, outputs, inputs]);
  const rows = (value: Value): Value => {
    const [batch] = dims(value);
    return reshape(context, exchangeBatch(context, value), [channels, batch!, product(dims(value).slice(2))]);
  };
  const planes = (value: Value, plane: readonly number[]): Value =>
    exchangeBatch(context, reshape(context, value, [channels, dims(value)[1]!, ...plane]));
  const multiply = (a: Value, b: Value, attributes: { transA?: number; transB?: number }): Value =>
    editor.node("FusedMatMul", [a, b], attributes, { domain: "com.microsoft" }).output;
  return {
    forward(x, w, bias) {
      const y = planes(multiply(rows(x), matrices(w), { transB: 1 }), output);
      return bias ? op.Add([y, alongAxis(context, bias, 1, dims(y).length)]) : y;
    },
    toInput: (dy, w) => planes(op.MatMul([rows(dy), matrices(w)]), input),
    toWeight(dy, x) {
      const perPair = reshape(context, multiply(rows(dy), rows(x), { transA: 1 }), [channels, outputs * inputs]);
      return reshape(context, multiply(perPair, pairs, { transB: 1 }), [channels, 1, ...window.kernel]);
    },
  };
}

/** For each tap, 1 for each (output, input) pair of positions it connects, row-major. */
function connections(window: StaticWindow, input: readonly number[], output: readonly number[]): Float32Array {
  const [inputs, outputs] = [product(input), product(output)];
  const connected = new Float32Array(product(window.kernel) * outputs * inputs);
  for (const [t, tap] of positions(window.kernel).entries()) {
    for (const [q, to] of positions(output).entries()) {
      const from = to.map(
        (at, axis) => at * window.strides[axis]! + tap[axis]! * window.dilations[axis]! - window.padsBegin[axis]!,
      );
      if (!from.every((at, axis) => at >= 0 && at < input[axis]!)) continue;
      const p = from.reduce((index, at, axis) => index * input[axis]! + at, 0);
      connected[(t * outputs + q) * inputs + p] = 1;
    }
  }
  return connected;
}

/** All positions of a grid, row-major. */
function positions(sizes: readonly number[]): readonly (readonly number[])[] {
  return sizes.reduce<readonly (readonly number[])[]>(
    (found, size) => found.flatMap((at) => Array.from({ length: size }, (_, index) => [...at, index])),
    [[]],
  );
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}
