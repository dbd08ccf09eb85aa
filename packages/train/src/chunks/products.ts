import { sizes, type SampleAxis, type SampledNode, type SampleOutcome, type SampleRule } from "./sample-rule.ts";

/** What an axis of a factor of a matrix product is: one of a stack of matrices, of the result's own, or the one summed over. */
type Part = "stack" | "own" | "summed";

/** MatMul and FusedMatMul. */
export const matrixProduct: SampleRule = (sampled) => {
  const { node } = sampled;
  if (node.int("transBatchA", 0) !== 0 || node.int("transBatchB", 0) !== 0) return null;
  return ofFactors(sampled, node.int("transA", 0) === 1, node.int("transB", 0) === 1);
};

/** Gemm: what is added must be the same for all samples, and cannot be added in parts. */
export const gemm: SampleRule = (sampled) => {
  const { node, axisOf } = sampled;
  const outcome = ofFactors(sampled, node.int("transA", 0) === 1, node.int("transB", 0) === 1);
  const added = node.inputs[2] ?? null;
  if (outcome === null || added === null) return outcome;
  if (outcome.kind !== "each" || outcome.axis !== 0 || axisOf(2) !== null) return null;
  const dims = sizes(added);
  return dims.length < 2 || dims[0] === 1 ? outcome : null;
};

function ofFactors(sampled: SampledNode, transA: boolean, transB: boolean): SampleOutcome | null {
  const { node, axisOf } = sampled;
  const [a, b] = [sizes(node.inputs[0]), sizes(node.inputs[1])];
  if (a.length < 2 || b.length < 2) return null;
  const rank = sizes(node.output).length;
  const left = partOf(axisOf(0), a.length, transA ? a.length - 2 : a.length - 1);
  const right = partOf(axisOf(1), b.length, transB ? b.length - 1 : b.length - 2);
  if (left !== null && right !== null) {
    if (left === "summed" && right === "summed") return { kind: "sum" };
    const axis = axisOf(0)! + rank - a.length;
    const inStack = left === "stack" && right === "stack" && axis === axisOf(1)! + rank - b.length;
    return inStack ? { kind: "each", axis } : null;
  }
  const [part, axis, dims, other] = left ? [left, axisOf(0)!, a, b] : [right!, axisOf(1)!, b, a];
  if (part === "summed") return null;
  if (part === "own") return { kind: "each", axis: left ? rank - 2 : rank - 1 };
  const place = axis - dims.length;
  return place >= -other.length && other.at(place) !== 1 ? null : { kind: "each", axis: place + rank };
}

function partOf(axis: SampleAxis | null, rank: number, summed: number): Part | null {
  if (axis === null) return null;
  if (axis < rank - 2) return "stack";
  return axis === summed ? "summed" : "own";
}
