import { axisFromFirst, knownElements, type Node, type Value } from "@lowbit/ir";
import { axisOfOnly, sizes, type SampleRule } from "./sample-rule.ts";

/** An op whose elements depend on those along one axis (Softmax), or on this axis and those behind it (LayerNormalization). */
export const alongOneAxis: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null) return null;
  const { node } = sampled;
  const along = axisFromFirst(node.int("axis", -1), sizes(node.input).length);
  return along > axis || (along < axis && node.op !== "LayerNormalization") ? { kind: "each", axis } : null;
};

/** What samples are brought together by, for the reductions that can be done by parts. */
const together: Readonly<Record<string, "sum" | "max" | "min" | "mean">> = {
  ReduceSum: "sum",
  ReduceSumSquare: "sum",
  ReduceL1: "sum",
  ReduceMax: "max",
  ReduceMin: "min",
  ReduceMean: "mean",
};

/** A reduction: over other axes each sample has its own, over that of the samples it is one of all. */
export const reduction: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  const { node } = sampled;
  const axes = reducedAxes(node);
  if (axis === null || axes === null) return null;
  if (axes.includes(axis)) {
    const kind = together[node.op];
    return kind ? { kind } : null;
  }
  const before = node.int("keepdims", 1) === 1 ? 0 : axes.filter((reduced) => reduced < axis).length;
  return { kind: "each", axis: axis - before };
};

function reducedAxes(node: Node): readonly number[] | null {
  const rank = sizes(node.input).length;
  const operand = node.inputs[1];
  const axes = operand ? numbersOf(operand) : node.ints("axes", []);
  if (axes === null) return null;
  if (axes.length === 0) return node.int("noop_with_empty_axes", 0) === 1 ? [] : sizes(node.input).map((_, i) => i);
  return axes.map((axis) => axisFromFirst(axis, rank));
}

/** ArgMax and ArgMin: positions along another axis. */
export const position: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null) return null;
  const { node } = sampled;
  const along = axisFromFirst(node.int("axis", 0), sizes(node.input).length);
  if (along === axis) return null;
  return { kind: "each", axis: along < axis && node.int("keepdims", 1) === 0 ? axis - 1 : axis };
};

/** OneHot: classes stand along a new axis, behind that of the samples. */
export const oneHot: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null) return null;
  const { node } = sampled;
  const classes = axisFromFirst(node.int("axis", -1), sizes(node.output).length);
  return { kind: "each", axis: classes <= axis ? axis + 1 : axis };
};

/** Concat, along another axis, of what is all by sample. */
export const concatenation: SampleRule = (sampled) => {
  const { node } = sampled;
  const axis = axisOfOnly(
    sampled,
    node.inputs.map((_, index) => index),
  );
  return axis !== null && axisFromFirst(node.int("axis", 0), sizes(node.input).length) !== axis
    ? { kind: "each", axis }
    : null;
};

/** Gather: by indices that are by sample out of what is the same for all, or the same indices along another axis. */
export const gathering: SampleRule = (sampled) => {
  const { node, axisOf } = sampled;
  const [data, indices] = [axisOf(0), axisOf(1)];
  const along = axisFromFirst(node.int("axis", 0), sizes(node.input).length);
  if (data === null) return { kind: "each", axis: along + indices! };
  if (indices !== null || data === along) return null;
  return { kind: "each", axis: data < along ? data : data + sizes(node.inputs[1]).length - 1 };
};

/** Split along another axis. */
export const division: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  const { node } = sampled;
  return axis !== null && axisFromFirst(node.int("axis", 0), sizes(node.input).length) !== axis
    ? { kind: "each", axis }
    : null;
};

/** Slice along other axes. */
export const slice: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  const { node } = sampled;
  const axes = node.inputs[3] ? numbersOf(node.inputs[3]) : null;
  if (axis === null || axes === null) return null;
  const rank = sizes(node.input).length;
  return axes.some((each) => axisFromFirst(each, rank) === axis) ? null : { kind: "each", axis };
};

/** Pad along other axes. */
export const padding: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  const { node } = sampled;
  const pads = node.inputs[1] ? numbersOf(node.inputs[1]) : null;
  if (axis === null || pads === null || node.inputs[3]) return null;
  return pads[axis] === 0 && pads[axis + pads.length / 2] === 0 ? { kind: "each", axis } : null;
};

function numbersOf(value: Value): readonly number[] | null {
  const elements = knownElements(value);
  return elements?.every((element) => typeof element === "number") ? elements : null;
}
