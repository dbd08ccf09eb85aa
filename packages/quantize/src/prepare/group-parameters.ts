import { invariant, isStatic, Tensor, type GraphEditor, type Value } from "@lowbit/ir";
import type { Range } from "../calibrate/ranges.ts";
import { neverObserved } from "../diagnostics.ts";
import type { GroupSources } from "../plan/sources.ts";
import type { SharingGroup } from "../plan/sharing.ts";
import { scaleDims, valueOf, type FixedSpec, type Granularity, type ObservedSpec, type OwnSpec } from "../plan/spec.ts";

/** Scale and zero point of a group as values of the graph, and the buffers its range is kept in. */
export interface GroupParameters {
  readonly scale: Value;
  readonly zeroPoint: Value;
  /** Null where the range is that of the values at every moment, as for weights, and for fixed parameters. */
  readonly range: { readonly min: Value; readonly max: Value } | null;
}

/**
 * Adds what computes the parameters of a group at the editor's insertion point: constants where they are fixed; for
 * weights their current range; for activations range buffers, filled from `range` or marked as unseen (+∞, -∞).
 *
 * @throws CompileError `quantize/never-observed` for activations without a range when `mayBeUnseen` is false
 */
export function addGroupParameters(
  editor: GraphEditor,
  group: SharingGroup,
  sources: GroupSources,
  range: Range | null,
  mayBeUnseen: boolean,
): GroupParameters {
  const { spec } = group;
  const name = valueOf(group.root)!.name;
  if (spec.kind === "fixed") return fixedParameters(editor, spec, valueOf(group.root)!);
  if (spec.kind === "dynamic") {
    // What DynamicQuantizeLinear computes; its scale has no smallest value but 0.
    const seen = currentRange(editor, spec.granularity, sources.activations);
    const settings = { dtype: spec.dtype, range: spec.range, symmetric: false, eps: 0 };
    return { ...parametersOf(editor, settings, seen.min, seen.max, name), range: null };
  }
  if (sources.activations.length === 0) {
    const current = currentRange(editor, spec.granularity, sources.data);
    return { ...parametersOf(editor, spec, current.min, current.max, name), range: null };
  }
  if (range === null && !mayBeUnseen) throw neverObserved(name);
  const buffers = rangeBuffers(editor, spec, sources.activations[0]!, range, name);
  return { ...parametersOf(editor, spec, buffers.min, buffers.max, name), range: buffers };
}

/** The attributes of a FakeQuantize besides what it promises. */
export interface CodeAttributes {
  readonly qmin: number;
  readonly qmax: number;
  readonly axis?: number;
  readonly block_size?: number;
}

/** The attributes of a FakeQuantize that follow from a spec. */
export function codeAttributes(spec: OwnSpec): CodeAttributes {
  const [qmin, qmax] = spec.range;
  const { granularity } = spec;
  switch (granularity.kind) {
    case "tensor":
      return { qmin, qmax };
    case "channel":
      return { qmin, qmax, axis: granularity.axis };
    case "block":
      return { qmin, qmax, axis: granularity.axis, block_size: granularity.size };
  }
}

function fixedParameters(editor: GraphEditor, spec: FixedSpec, value: Value): GroupParameters {
  const { name, shape } = value;
  const { granularity, dtype } = spec;
  invariant(
    granularity.kind === "tensor" || isStatic(shape),
    `several fixed scales, and the shape of ${name} is unknown`,
  );
  const dims = granularity.kind === "tensor" ? [] : scaleDims(granularity, shape as readonly number[]);
  return {
    scale: editor.initializer(Tensor.of("float", spec.scale, dims), `${name}.scale`),
    zeroPoint: editor.initializer(Tensor.of(dtype, spec.zeroPoint, dims), `${name}.zero_point`),
    range: null,
  };
}

function parametersOf(
  editor: GraphEditor,
  spec: Pick<ObservedSpec, "dtype" | "range" | "symmetric" | "eps" | "scales">,
  min: Value,
  max: Value,
  name: string,
): { readonly scale: Value; readonly zeroPoint: Value } {
  const [qmin, qmax] = spec.range;
  const { names } = editor.graph;
  const [scale, zeroPoint] = editor.op.QuantizationParameters(
    [min, max],
    { qmin, qmax, symmetric: spec.symmetric, dtype: spec.dtype, eps: spec.eps },
    { outputs: [names.fresh(`${name}.scale`), names.fresh(`${name}.zero_point`)] },
  );
  if (spec.scales === undefined) return { scale: scale!, zeroPoint: zeroPoint! };
  invariant(spec.symmetric, `${name}: scales that are powers of two need symmetric codes`);
  return { scale: powerOfTwo(editor, scale!), zeroPoint: zeroPoint! };
}

/**
 * 2^⌈log₂(s) - 2^-10⌉: the next power of two; the margin keeps those that the logarithm puts a rounding error too high,
 * and cuts off less than a thousandth of a range.
 */
function powerOfTwo(editor: GraphEditor, scale: Value): Value {
  const { op } = editor;
  const number = (value: number): Value => editor.initializer(Tensor.scalar("float", value), "power");
  const exponent = op.Mul([op.Log([scale]), number(Math.LOG2E)]);
  const above = op.Ceil([op.Sub([exponent, number(2 ** -10)])]);
  return op.Pow([number(2), above], {}, { outputs: [editor.graph.names.fresh(`${scale.name}.power`)] });
}

function rangeBuffers(
  editor: GraphEditor,
  spec: ObservedSpec,
  value: Value,
  range: Range | null,
  name: string,
): { readonly min: Value; readonly max: Value } {
  const { granularity } = spec;
  invariant(granularity.kind !== "block", `activation ${name} cannot be quantized by blocks`);
  const count = granularity.kind === "channel" ? value.shape?.[granularity.axis] : 1;
  invariant(typeof count === "number", `activation ${name} needs a known number of channels`);
  const buffer = (numbers: readonly number[] | undefined, unseen: number, end: string): Value => {
    const filled = numbers ?? Array.from({ length: count }, () => unseen);
    const tensor = Tensor.of("float", filled, granularity.kind === "tensor" ? [] : [count]);
    return editor.initializer(tensor, `${name}.range.${end}`, "buffer");
  };
  return { min: buffer(range?.min, Infinity, "min"), max: buffer(range?.max, -Infinity, "max") };
}

/**
 * The range that values have now: weights, and activations whose scale is found anew for each input. Gradients do not flow
 * through it: the scale follows the values, it does not steer them.
 */
function currentRange(
  editor: GraphEditor,
  granularity: Granularity,
  data: readonly Value[],
): { readonly min: Value; readonly max: Value } {
  const { op } = editor;
  const observed = data.map((value) => {
    const ends = { outputs: ["min", "max"].map((end) => editor.graph.names.fresh(`${value.name}.${end}`)) };
    switch (granularity.kind) {
      case "tensor":
        return op.ObserveRange([value], { mode: "current" }, ends);
      case "channel":
        return op.ObserveRange([value], { mode: "current", axis: granularity.axis }, ends);
      case "block":
        return blockRange(editor, value, granularity.axis, granularity.size);
    }
  });
  const [first] = observed;
  invariant(first, "a group has neither activations nor data");
  if (observed.length === 1) return { min: first[0]!, max: first[1]! };
  return { min: op.Min(observed.map((each) => each[0]!)), max: op.Max(observed.map((each) => each[1]!)) };
}

/**
 * The range of each block of `size` neighbours along an axis, in the shape of the data with that axis divided by `size`.
 * A last block that is short is filled up with zeros, which every range holds anyway.
 */
function blockRange(editor: GraphEditor, value: Value, axis: number, size: number): readonly Value[] {
  const { op } = editor;
  const shape = value.shape;
  invariant(isStatic(shape), `data ${value.name} has no static shape`);
  const ints = (numbers: readonly number[], name: string): Value =>
    editor.initializer(Tensor.of("int64", numbers), name);
  const blocks = Math.ceil(shape[axis]! / size);
  const missing = blocks * size - shape[axis]!;
  const pads = [...shape.map(() => 0), ...shape.map((_, i) => (i === axis ? missing : 0))];
  const whole = missing === 0 ? value : op.Pad([value, ints(pads, "pads")]);
  const split = [...shape.slice(0, axis), blocks, size, ...shape.slice(axis + 1)];
  const last = split.map((_, i) => i).filter((i) => i !== axis + 1);
  const blockLast = op.Transpose([op.Reshape([whole, ints(split, "split")])], { perm: [...last, axis + 1] });
  const rows = op.Reshape([blockLast, ints([-1, size], "rows")]);
  const scaleShape = ints(shape.with(axis, blocks), "scale_shape");
  return op
    .ObserveRange([rows], { mode: "current", axis: 0 }, { outputs: 2 })
    .map((end) => op.Reshape([end, scaleShape]));
}
