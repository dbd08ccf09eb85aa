import { Tensor, type Node, type Value } from "@lowbit/ir";
import { dims, ints, reshape, type LegalizeContext } from "./legalization.ts";

/** Taps up to which a product that picks some of them reads all of them faster than Slice cuts out a few. */
const fewTaps = 25;

/**
 * The taps of a kernel [O, C, kh, kw] from `first` on. They are taken from what the weights were made of, as far as that goes
 * tap by tap (scaled per output channel, rounded), so that nothing is computed for the others: of 512·512·3·3 weights over a
 * 1x1 plane Slice took 1.6 ms as floats and as much as codes, and rounding all of them 1.3 ms.
 */
export function cropWeights(
  context: LegalizeContext,
  w: Value,
  first: readonly number[],
  sizes: readonly number[],
): Value {
  if (sizes.every((size, axis) => size === dims(w)[axis + 2])) return w;
  const made = w.producer && tapByTap(w.producer) ? w.producer : null;
  if (made) {
    const [source, ...others] = made.inputs;
    const attributes = made.attributes.has("axis") ? { axis: made.int("axis", 1) } : {};
    return context.editor.node(made.op, [cropWeights(context, source!, first, sizes), ...others], attributes).output;
  }
  return w.dtype === "float" ? pick(context, w, first, sizes) : cut(context, w, first, sizes);
}

/** Whether each result of a node depends on one weight, and on numbers that all taps of an output channel share. */
function tapByTap(node: Node): boolean {
  if (node.is("Mul")) {
    const [w, scale] = node.inputs;
    const shape = scale?.shape ?? null;
    return w?.shape?.length === 4 && shape?.length === 4 && shape.slice(1).every((size) => size === 1);
  }
  if (node.is("Clip")) return true;
  const rounds = node.is("QuantizeLinear") || node.is("DequantizeLinear");
  return rounds && [...node.attributes.keys()].every((name) => name === "axis") && [0, 1].includes(node.int("axis", 1));
}

/** By a product with a matrix of zeros and ones: exact, and along contiguous rows. */
function pick(context: LegalizeContext, w: Value, first: readonly number[], sizes: readonly number[]): Value {
  const [outChannels, channels, ...kernel] = dims(w);
  const taps = kernel.reduce((a, b) => a * b, 1);
  if (kernel.length !== 2 || taps > fewTaps) return cut(context, w, first, sizes);
  const key = [kernel, first, sizes].join(";");
  const picks = context.picks.get(key) ?? picking(context, kernel, first, sizes);
  context.picks.set(key, picks);
  const product = context.op.MatMul([reshape(context, w, [outChannels! * channels!, taps]), picks]);
  return reshape(context, product, [outChannels!, channels!, ...sizes]);
}

/** [taps, picked taps] with a one where they are the same. */
function picking(
  { editor }: LegalizeContext,
  [height, width]: readonly number[],
  [top, left]: readonly number[],
  [rows, columns]: readonly number[],
): Value {
  const picked = rows! * columns!;
  const matrix = new Float32Array(height! * width! * picked);
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < columns!; column++) {
      matrix[((top! + row) * width! + left! + column) * picked + row * columns! + column] = 1;
    }
  }
  return editor.initializer(Tensor.fromTyped("float", [height! * width!, picked], matrix), "picks");
}

function cut({ op, editor }: LegalizeContext, w: Value, first: readonly number[], sizes: readonly number[]): Value {
  const axes = sizes.flatMap((size, axis) => (size === dims(w)[axis + 2]! ? [] : [axis]));
  return op.Slice([
    w,
    ints(
      editor,
      axes.map((axis) => first[axis]!),
      "starts",
    ),
    ints(
      editor,
      axes.map((axis) => first[axis]! + sizes[axis]!),
      "ends",
    ),
    ints(
      editor,
      axes.map((axis) => axis + 2),
      "axes",
    ),
  ]);
}
