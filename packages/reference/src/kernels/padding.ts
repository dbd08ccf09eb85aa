import { Tensor } from "@lowbit/ir";
import { sizeOf, stridesOf } from "../arrays/indices.ts";
import { requireSameDType } from "../arrays/map.ts";
import { fillPlace, take } from "../arrays/take.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { integers } from "./shape.ts";

/** Where an index outside an axis reads instead; `fillPlace` for the constant. */
type Outside = (index: number, length: number) => number;

const modes: Readonly<Record<string, Outside>> = {
  constant: () => fillPlace,
  edge: (index, length) => (index < 0 ? 0 : length - 1),
  reflect: (index, length) => {
    const period = Math.max(1, 2 * (length - 1));
    const inside = ((index % period) + period) % period;
    return inside < length ? inside : period - inside;
  },
  wrap: (index, length) => ((index % length) + length) % length,
};

/** A tensor whose index along each axis is looked up in a list; any `fillPlace` makes a fill element. */
function takeByAxes(x: Tensor, maps: readonly (readonly number[])[], fill: Tensor | null): Tensor {
  const dims = maps.map((map) => map.length);
  const strides = stridesOf(x.dims);
  const outStrides = stridesOf(dims);
  const places = Int32Array.from({ length: sizeOf(dims) }, (_, i) => {
    let place = 0;
    for (const [axis, map] of maps.entries()) {
      const index = map[Math.floor(i / outStrides[axis]!) % map.length]!;
      if (index === fillPlace) return fillPlace;
      place += index * strides[axis]!;
    }
    return place;
  });
  return take(x, dims, places, fill);
}

/** Source indices of an axis that gains `begin` and `end` elements (or loses them, when negative). */
function paddedAxis(length: number, begin: number, end: number, outside: Outside): number[] {
  return Array.from({ length: Math.max(0, length + begin + end) }, (_, i) => {
    const index = i - begin;
    return index >= 0 && index < length ? index : outside(index, length);
  });
}

function axesOf(call: KernelCall, given: readonly number[] | null, rank: number): number[] {
  return given ? given.map((axis) => call.axis(axis, rank)) : Array.from({ length: rank }, (_, axis) => axis);
}

const pad: Kernel = (call) => {
  const [x, pads, value] = [call.tensor(0), integers(call.tensor(1)), call.optional(2)];
  const rank = x.dims.length;
  const axes = axesOf(call, call.optional(3) && integers(call.tensor(3)), rank);
  if (pads.length !== 2 * axes.length) call.fail(`pads [${pads.join(",")}] must have ${2 * axes.length} entries`);
  const mode = call.node.string("mode", "constant");
  const outside = Object.hasOwn(modes, mode) ? modes[mode]! : call.fail(`mode "${mode}" is unknown`);
  const maps = x.dims.map((length, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? paddedAxis(length, 0, 0, outside) : paddedAxis(length, pads[i]!, pads[axes.length + i]!, outside);
  });
  if (x.size === 0 && mode !== "constant" && maps.some((map) => map.length > 0))
    call.fail("cannot repeat elements of an empty tensor");
  const fill = value && value.size > 0 ? value : zeroOf(x);
  requireSameDType(call, x, fill);
  return takeByAxes(x, maps, fill);
};

function zeroOf(x: Tensor): Tensor | null {
  return x.strings ? null : Tensor.scalar(x.dtype, 0);
}

/** Crops or pads with zeros around the center; an odd element more is cut from, or added to, the end. */
const centerCropPad: Kernel = (call) => {
  const [x, wanted] = [call.tensor(0), integers(call.tensor(1))];
  const axes = axesOf(call, call.node.ints("axes", null), x.dims.length);
  const maps = x.dims.map((length, axis) => {
    const i = axes.indexOf(axis);
    const difference = (i < 0 ? length : wanted[i]!) - length;
    const begin = difference < 0 ? -Math.floor(-difference / 2) : Math.floor(difference / 2);
    return paddedAxis(length, begin, difference - begin, () => fillPlace);
  });
  return takeByAxes(x, maps, zeroOf(x));
};

/** Ops that add or cut elements at the ends of axes; exact for every dtype. */
export const paddingKernels = {
  Pad: pad,
  CenterCropPad: centerCropPad,
} satisfies Readonly<Record<string, Kernel>>;
