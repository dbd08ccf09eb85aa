import { shapeText, tensorType, type Dim, type Shape } from "../types.ts";
import { axisIndex, checkSameDim } from "./axes.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { dtypeOfCode } from "./dtype-code.ts";
import { checkBroadcastsTo } from "./infer-elementwise.ts";

/** BatchNormalization. X: [N, C, ...], all others [C]; in training also the updated running statistics. */
export function inferBatchNormalization(context: InferContext): Inferred {
  const channels = checkChannelVectors(context, [1, 2, 3, 4]);
  const statistics = context.dtype(3);
  const running = statistics && tensorType(statistics, [channels]);
  return { types: [context.type(0), running, running].slice(0, Math.max(1, context.outputCount)) };
}

/** InstanceNormalization and GroupNormalization. X: [N, C, ...], scale and bias [C]. */
export function inferChannelNormalization(context: InferContext): Inferred {
  checkChannelVectors(context, [1, 2]);
  return { types: [context.type(0)] };
}

/** LayerNormalization: scale and bias broadcast to the normalized axes; mean and deviation keep them as 1. */
export function inferLayerNormalization(context: InferContext): Inferred {
  const shape = context.shape(0);
  const stash = dtypeOfCode(context.node.int("stash_type", 1)) ?? "float";
  if (shape === null) return { types: [context.type(0), tensorType(stash), tensorType(stash)] };
  const axis = axisIndex(context, context.node.int("axis", -1), shape.length);
  checkBroadcastsTo(context, shape.slice(axis), 1, "Scale");
  checkBroadcastsTo(context, shape.slice(axis), 2, "B");
  const statistics = tensorType(
    stash,
    shape.map((dim, i) => (i < axis ? dim : 1)),
  );
  return { types: [context.type(0), statistics, statistics] };
}

/** RMSNormalization: scale broadcasts to the normalized axes and gives the result its dtype. */
export function inferRmsNormalization(context: InferContext): Inferred {
  const shape = context.shape(0);
  if (shape) {
    const axis = axisIndex(context, context.node.int("axis", -1), shape.length);
    checkBroadcastsTo(context, shape.slice(axis), 1, "scale");
  }
  const dtype = context.dtype(1);
  return { types: [dtype && tensorType(dtype, shape)] };
}

/** The number of channels of X (axis 1) and of the rank-1 operands at these places, which must agree. */
function checkChannelVectors(context: InferContext, places: readonly number[]): Dim {
  const x: Shape | null = context.shape(0);
  if (x && x.length < 2) context.fail(`input ${shapeText(x)} has no channel axis`);
  let channels: Dim = x?.[1] ?? null;
  for (const index of places) {
    const shape = context.shape(index);
    if (shape === null) continue;
    if (shape.length !== 1) context.fail(`operand ${index} ${shapeText(shape)} must have rank 1`);
    checkSameDim(context, channels, shape[0]!, "channels", `length of operand ${index}`);
    if (typeof channels !== "number") channels = shape[0] ?? channels;
  }
  return channels;
}
