import { tensorType, type Dim, type Shape } from "../types.ts";
import { checkRank, checkSameDim } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { commonDType } from "./infer-elementwise.ts";

/**
 * RNN, GRU and LSTM. X: [seq, batch, input] (batch first with `layout` 1), W: [dirs, gates·hidden, input],
 * R: [dirs, gates·hidden, hidden]; Y: [seq, dirs, batch, hidden], Y_h and Y_c: [dirs, batch, hidden].
 */
export function inferRecurrent(context: InferContext): Inferred {
  const dtype = commonDType(context, [0, 1, 2, 3]);
  const [x, w, r] = [context.shape(0), context.shape(1), context.shape(2)];
  checkRank(context, x, 3, "X");
  checkRank(context, w, 3, "W");
  checkRank(context, r, 3, "R");
  const batchFirst = context.node.int("layout", 0) === 1;
  const directions = context.node.string("direction", "forward") === "bidirectional" ? 2 : 1;
  checkSameDim(context, w?.[0] ?? null, directions, "directions of W", "directions of the attribute");
  checkSameDim(context, x?.[2] ?? null, w?.[2] ?? null, "input size of X", "input size of W");
  const declared = context.node.int("hidden_size", 0);
  const hidden: Dim = declared || (r?.[2] ?? null);
  checkSameDim(context, r?.[2] ?? null, hidden, "hidden size of R", "hidden_size");
  const [length, batch] = [x?.[batchFirst ? 1 : 0] ?? null, x?.[batchFirst ? 0 : 1] ?? null];
  const all: Shape = batchFirst ? [batch, length, directions, hidden] : [length, directions, batch, hidden];
  const last: Shape = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  const types = [all, last, last].map((shape) => dtype && tensorType(dtype, shape));
  return { types: types.slice(0, context.outputCount) };
}
