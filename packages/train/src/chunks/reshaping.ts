import { elementCount } from "@lowbit/ir";
import { axisOfOnly, sizes, type SampleRule } from "./sample-rule.ts";

/** Reshape, Flatten, Squeeze and Unsqueeze: samples lie along the axis that as many elements stand before as did. */
export const reshaping: SampleRule = (sampled) => {
  const { node, samples } = sampled;
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null) return null;
  const before = elementCount(sizes(node.input).slice(0, axis));
  const output = sizes(node.output);
  const found = output.findIndex((dim, at) => dim % samples === 0 && elementCount(output.slice(0, at)) === before);
  if (found < 0) return null;
  return { kind: "each", axis: found, ...(node.op === "Reshape" ? { shapeOperand: 1 } : {}) };
};

/** Expand: broadcasting to a shape. */
export const expansion: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null) return null;
  const { node } = sampled;
  return { kind: "each", axis: axis + sizes(node.output).length - sizes(node.input).length, shapeOperand: 1 };
};

/** Transpose. */
export const transposition: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null) return null;
  const { node } = sampled;
  const rank = sizes(node.input).length;
  const order = node.ints("perm", null) ?? Array.from({ length: rank }, (_, index) => rank - 1 - index);
  return { kind: "each", axis: order.indexOf(axis) };
};
