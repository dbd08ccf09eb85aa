import type { Value } from "@lowbit/ir";
import { dataInBlocks, nodeInBlocks, outOfBlocks } from "./blocks-of-channels.ts";
import { dims, reshape, type LegalizeContext } from "./legalization.ts";
import type { StaticWindow } from "./window.ts";

/** Steep enough to be a step from 0 to 1 above zero for every normal float32 number. */
const steepness = 1e38;

/** A maximum taken of pairs along one axis. */
interface Halving {
  readonly axis: number;
  /** Of what the pairs consist. */
  readonly shape: readonly number[];
  /** 1 where the second element of a pair is the larger one, 0 elsewhere. */
  readonly isSecond: Value;
}

/**
 * dX of a MaxPool whose windows have one or two elements per axis and neither overlap nor leave any out; null for others.
 *
 * The maximum is taken one axis after the other, the innermost first. Which element of a pair is the larger shows in whether the
 * maximum lies above the first, and what flows back is parted by it. Every pass runs on all threads, and on blocks of channels
 * where those come out even; ONNX Runtime looks for positions with a branch per element, and scatters on one thread. (16 channels
 * of 28x28, batch 256: 9 ms by positions, 4 by halves.)
 *
 * @param x [N, C, ...]
 */
export function spreadByHalves(context: LegalizeContext, dy: Value, x: Value, window: StaticWindow): Value | null {
  const { op, block } = context;
  const [, channels, ...input] = dims(x);
  if (!isHalving(window, input, dims(dy).slice(2))) return null;
  const inBlocks = block > 1 && channels! % block === 0 && input.length === 2;
  const halved = [...window.kernel.keys()].filter((axis) => window.kernel[axis] === 2);
  const halvings: Halving[] = [];
  let pairs = inBlocks ? dataInBlocks(context, x) : x;
  for (const axis of halved.toReversed()) {
    const larger = everyOther(context, pairs, axis, 2, inBlocks);
    const first = everyOther(context, pairs, axis, 1, inBlocks);
    const isSecond = op.HardSigmoid([op.Sub([larger, first])], { alpha: steepness, beta: 0 });
    halvings.push({ axis: axis + 2, shape: dims(pairs), isSecond });
    pairs = larger;
  }
  const dx = halvings.reduceRight(
    (flowing, { axis, shape, isSecond }) => {
      const toSecond = op.Mul([flowing, isSecond]);
      const toFirst = op.Sub([flowing, toSecond]);
      return alternating(context, [toFirst, toSecond], axis, shape, inBlocks ? block : 1);
    },
    inBlocks ? dataInBlocks(context, dy) : dy,
  );
  return inBlocks ? outOfBlocks(context, dx, dims(x)) : dx;
}

function isHalving(window: StaticWindow, input: readonly number[], output: readonly number[]): boolean {
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  return (
    kernel.every((size, axis) => size <= 2 && strides[axis] === size && output[axis]! * size === input[axis]) &&
    [...padsBegin, ...padsEnd].every((pad) => pad === 0) &&
    dilations.every((dilation, axis) => dilation === 1 || kernel[axis] === 1)
  );
}

/** The maxima of so many elements from every other position on along an axis. */
function everyOther(context: LegalizeContext, x: Value, axis: number, size: number, inBlocks: boolean): Value {
  const shape = dims(x);
  const along = (count: number): number[] => shape.slice(2).map((_, other) => (other === axis ? count : 1));
  const attributes = { kernel_shape: along(size), strides: along(2) };
  if (!inBlocks) return context.op.MaxPool([x], attributes);
  const halved = shape.map((dim, other) => (other === axis + 2 ? dim / 2 : dim));
  return nodeInBlocks(context, "MaxPool", [x], attributes, halved);
}

/**
 * The elements of two tensors in turn along an axis.
 *
 * @param unit elements that stand together behind all axes
 */
function alternating(
  context: LegalizeContext,
  halves: readonly [Value, Value],
  axis: number,
  shape: readonly number[],
  unit: number,
): Value {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, unit);
  const pairs = shape.reduce((a, b) => a * b, 1) / (2 * inner);
  const columns = halves.map((half) => reshape(context, half, [pairs, inner]));
  return reshape(context, context.op.Concat(columns, { axis: 1 }), shape);
}
