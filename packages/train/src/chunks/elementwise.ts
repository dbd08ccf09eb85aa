import { axisFromFirst } from "@lowbit/ir";
import { axisOfOnly, sizes, type SampleRule } from "./sample-rule.ts";

/** An op that computes each element from those at its place, with broadcasting: what is not by sample must be alike for all. */
export const elementwise: SampleRule = ({ node, axisOf }) => {
  const rank = sizes(node.output).length;
  const places = node.inputs.map((value, index) => {
    const axis = axisOf(index);
    return value === null || axis === null ? null : axis + rank - sizes(value).length;
  });
  const axis = places.find((place) => place !== null)!;
  const fits = node.inputs.every((value, index) => {
    if (value === null) return true;
    const dim = sizes(value).at(axis - rank) ?? 1;
    const isThere = axis - rank >= -sizes(value).length;
    return places[index] === null ? !isThere || dim === 1 : places[index] === axis;
  });
  return fits ? { kind: "each", axis } : null;
};

/** QuantizeLinear and DequantizeLinear: scales and zero points are those of all, or stand along another axis. */
export const quantization: SampleRule = (sampled) => {
  const axis = axisOfOnly(sampled, [0]);
  if (axis === null) return null;
  const { node } = sampled;
  const scales = sizes(node.inputs[1]);
  const scaled = axisFromFirst(node.int("axis", 1), sizes(node.input).length);
  const isScalar = scales.every((dim) => dim === 1);
  return isScalar || (scales.length === 1 && scaled !== axis) ? { kind: "each", axis } : null;
};
