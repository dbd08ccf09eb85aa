import { Tensor, type Value } from "@lowbit/ir";
import { dims, ints, operand, reshape, scalar, type LegalizeContext } from "./legalization.ts";
import { spreadByHalves } from "./spread-by-halves.ts";
import { exactPadsEnd, staticWindow, type StaticWindow } from "./window.ts";

/**
 * dX of Y = MaxPool(X): dY goes to the position of each window's first maximum. Windows of two are taken apart into pairs.
 * For others the forward MaxPool, where it is still there, is made to return the positions too; windows that overlap add
 * up what they send, others are undone by MaxUnpool.
 */
export function maxPoolGrad(context: LegalizeContext): readonly Value[] {
  const { node, op, editor } = context;
  const [dy, x] = [operand(context, 0), operand(context, 1)];
  const [, , ...input] = dims(x);
  const [, , ...output] = dims(dy);
  const kernel = node.ints("kernel_shape", [])!;
  const window = staticWindow(node, kernel, input, output);
  sumBeforeSpreading(context, dy);
  const byHalves = spreadByHalves(context, dy, x, window);
  if (byHalves) return [byHalves];
  const attributes = Object.fromEntries([...node.attributes].filter(([name]) => name !== "storage_order"));
  const pool = editor.node("MaxPool", [x], attributes, { outputs: 2 });
  const forward = operand(context, 2);
  if (forward.producer?.is("MaxPool") && forward.producer.input === x && forward.producer.outputs.length === 1) {
    const old = forward.producer;
    editor.move(pool, old);
    editor.replaceAllUses(forward, pool.output);
  }
  const indices = pool.outputs[1]!;
  const overlaps = kernel.some((size, axis) => (size - 1) * window.dilations[axis]! + 1 > window.strides[axis]!);
  if (!overlaps) return [op.MaxUnpool([dy, indices, ints(editor, dims(x), "shape")], { kernel_shape: kernel })];
  const elements = dims(x).reduce((a, b) => a * b, 1);
  const count = dims(dy).reduce((a, b) => a * b, 1);
  const zeros = op.ConstantOfShape([ints(editor, [elements], "elements")], { value: Tensor.of("float", [0]) });
  const scattered = op.ScatterElements([zeros, reshape(context, indices, [count]), reshape(context, dy, [count])], {
    axis: 0,
    reduction: "add",
  });
  return [reshape(context, scattered, dims(x))];
}

/** Lets sums over all positions of dX, such as the gradient of a bias, take dY: each of its elements is in dX once. */
function sumBeforeSpreading({ node, editor }: LegalizeContext, dy: Value): void {
  const rank = dims(dy).length;
  for (const use of [...node.output.uses]) {
    const axes = use.node.inputs[1]?.constant?.numbers();
    const overPlanes = [...Array(rank).keys()].slice(2).every((axis) => axes?.includes(axis));
    if (use.node.is("ReduceSum") && use.index === 0 && overPlanes && use.node.int("keepdims", 1) === 0) {
      editor.replaceUse(use, dy);
    }
  }
}

/** dX of Y = AveragePool(X): each window spreads dY evenly over the positions it averages. */
export function averagePoolGrad(context: LegalizeContext): readonly Value[] {
  const { node, op, editor } = context;
  const [dy, x] = [operand(context, 0), operand(context, 1)];
  const [, channels, ...input] = dims(x);
  const [, , ...output] = dims(dy);
  const kernel = node.ints("kernel_shape", [])!;
  const window = staticWindow(node, kernel, input, output);
  const padsEnd = exactPadsEnd(window, input, output);
  const counted = node.int("count_include_pad", 0) === 1 ? padded(window) : window.kernel.map(() => [0, 0] as const);
  const shares = sharesPerWindow(window, counted, input, output);
  const weights = shares.every((share) => share === shares[0])
    ? scalar(editor, shares[0]!, "per_window")
    : editor.initializer(Tensor.of("float", shares, [1, 1, ...output]), "per_window");
  const ones = Array.from({ length: channels! * kernel.reduce((a, b) => a * b, 1) }, () => 1);
  const spread = editor.initializer(Tensor.of("float", ones, [channels!, 1, ...kernel]), "ones");
  const result = op.ConvTranspose([op.Mul([dy, weights]), spread], {
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...padsEnd.map((pad) => Math.max(0, pad))],
    output_padding: padsEnd.map((pad) => Math.max(0, -pad)),
    group: channels!,
    kernel_shape: kernel,
  });
  return [result];
}

/** How far positions count beyond either end of each axis, when those of the padding count. */
function padded({ padsBegin, padsEnd }: StaticWindow): readonly (readonly [number, number])[] {
  return padsBegin.map((begin, axis) => [begin, padsEnd[axis]!]);
}

/** 1 / (number of positions that count) for every window, row-major; a last window of `ceil_mode` may reach beyond all. */
function sharesPerWindow(
  window: StaticWindow,
  counted: readonly (readonly [before: number, behind: number])[],
  input: readonly number[],
  output: readonly number[],
): readonly number[] {
  const perAxis = output.map((count, axis) =>
    Array.from({ length: count }, (_, position) => {
      const start = position * window.strides[axis]! - window.padsBegin[axis]!;
      const places = Array.from({ length: window.kernel[axis]! }, (_, k) => start + k * window.dilations[axis]!);
      const [before, behind] = counted[axis]!;
      return places.filter((at) => at >= -before && at < input[axis]! + behind).length;
    }),
  );
  return perAxis
    .reduce<readonly number[]>((counts, axis) => counts.flatMap((a) => axis.map((b) => a * b)), [1])
    .map((count) => 1 / count);
}
