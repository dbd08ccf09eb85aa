import { dims, ints, operand, type LegalizeContext } from "./legalization.ts";
import { exactPadsEnd, staticWindow } from "./window.ts";
import type { Value } from "@lowbit/ir";

/** Weights of at most this many elements are cheaper to flip each step than to convolve transposed. */
const flippableElements = 64 * 64 * 9;

/**
 * dX of Y = Conv(X, W): a transposed convolution of dY with W. At stride 1 with small weights it is written as a plain
 * convolution with the weights flipped and their channel axes exchanged, which has the faster kernel.
 */
export function convGradInput(context: LegalizeContext): readonly Value[] {
  const { node, op } = context;
  const [dy, w, x] = [operand(context, 0), operand(context, 1), operand(context, 2)];
  const [, , ...input] = dims(x);
  const [, , ...output] = dims(dy);
  const [outChannels, , ...kernel] = dims(w);
  const window = staticWindow(node, kernel, input, output);
  const group = node.int("group", 1);
  const padsEnd = exactPadsEnd(window, input, output);
  const flippable =
    window.strides.every((stride) => stride === 1) &&
    (group === 1 || group === outChannels) &&
    dims(w).reduce((a, b) => a * b, 1) <= flippableElements;
  if (flippable && (group === 1 || dims(w)[1] === 1)) {
    const reach = kernel.map((size, axis) => (size - 1) * window.dilations[axis]!);
    const pads = [
      ...reach.map((r, axis) => r - window.padsBegin[axis]!),
      ...reach.map((r, axis) => r - padsEnd[axis]!),
    ];
    if (pads.every((pad) => pad >= 0)) {
      return [
        op.Conv([dy, flipped(context, w, group)], { pads, dilations: window.dilations, group, kernel_shape: kernel }),
      ];
    }
  }
  // Positions of X that no window covers get no gradient: a negative pad at the far end makes room for them.
  const overhang = padsEnd.map((pad) => Math.max(0, -pad));
  const result = op.ConvTranspose([dy, w], {
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...padsEnd.map((pad) => Math.max(0, pad))],
    output_padding: overhang,
    group,
    kernel_shape: kernel,
  });
  return [result];
}

/** W [O, C, ...kernel] with every spatial axis reversed, as [C, O, ...kernel]; per-channel weights keep their axes. */
function flipped({ op, editor }: LegalizeContext, w: Value, group: number): Value {
  const kernel = dims(w).slice(2);
  const spatial = kernel.map((_, axis) => axis + 2).filter((axis) => dims(w)[axis]! > 1);
  const exchanged = group === 1 ? op.Transpose([w], { perm: [1, 0, ...kernel.map((_, axis) => axis + 2)] }) : w;
  if (spatial.length === 0) return exchanged;
  const repeat = (value: number): number[] => spatial.map(() => value);
  return op.Slice([
    exchanged,
    ints(editor, repeat(-1), "from_end"),
    ints(editor, repeat(Number.MIN_SAFE_INTEGER), "to_start"),
    ints(editor, spatial, "spatial"),
    ints(editor, repeat(-1), "backwards"),
  ]);
}
