import { integerRange, Tensor } from "@lowbit/ir";
import { adversarialWeights, codesBy, randomFrom, type Codes } from "./codes.ts";
import type { OpGraph } from "./op-graphs/op-graph.ts";
import type { Parameters } from "./parameter-sets.ts";

/** What the initializers of a graph between codes hold. */
export function dataOf(graph: OpGraph, parameters: Parameters, codes: Codes): Readonly<Record<string, Tensor>> {
  const { activation, weight, perChannel } = codes;
  const low = integerRange(activation)[0];
  const { z, isConstantZ = false, w, bias, result } = graph;
  const isPerChannel = w !== undefined && perChannel && w.isPerTensor !== true;
  const scalar = (value: number): Tensor => Tensor.scalar("float", value);
  const zero = (fromLow: number): Tensor => Tensor.scalar(activation, low + fromLow);
  const all: Record<string, Tensor> = {
    sx: scalar(parameters.xScale),
    zx: zero(parameters.x),
    sz: scalar(parameters.zScale),
    zz: zero(parameters.y),
    sy: scalar(resultScale(graph, parameters)),
    zy: zero(parameters.y),
  };
  if (result === "moved") Object.assign(all, { sy: all["sx"], zy: all["zx"] });
  if (result === "softmax") Object.assign(all, { sy: scalar(1 / 256), zy: zero(0) });
  if (z && isConstantZ) all["z"] = codesBy("random", activation, z, 3);
  if (!w) return all;
  const channels = w.dims[w.axis]!;
  const count = isPerChannel ? channels : 1;
  const dims = isPerChannel ? [channels] : [];
  const scales = Float32Array.from({ length: count }, (_, i) =>
    isPerChannel ? parameters.wScale * (parameters.exact ? 2 ** -(i % 3) : 1 - (i % 5) / 7) : parameters.wScale,
  );
  const random = randomFrom(channels);
  const product = scales.map((scale) => Math.fround(Math.fround(parameters.xScale) * scale));
  return {
    ...all,
    w: adversarialWeights(weight, Math.min(weight.reach, parameters.reach ?? 127), w.dims, w.axis),
    sw: Tensor.of("float", scales, dims),
    zw: Tensor.of(
      weight.dtype,
      Array.from({ length: count }, () => weight.zeroPoint),
      dims,
    ),
    b: Tensor.of(
      "int32",
      Array.from({ length: channels }, () => Math.floor(4000 * random()) - 2000),
      bias ?? [channels],
    ),
    sb: Tensor.of("float", product, dims),
    zb: Tensor.of("int32", new Int32Array(count), dims),
  };
}

/** The scale that gives a product its multiplier, and another op its ratio. */
function resultScale({ w, z, op, x }: OpGraph, parameters: Parameters): number {
  const { xScale, zScale, wScale, multiplier, ratio } = parameters;
  if (w) {
    const depth = w.dims.reduce((product, dim) => product * dim, 1) / w.dims[w.axis]!;
    return (xScale * wScale) / multiplier(depth);
  }
  if (op === "MatMul") return (xScale * zScale) / multiplier(x.at(-1)!);
  if (op === "Mul") return (xScale * zScale) / (ratio / 64);
  return z ? Math.max(xScale, zScale) / ratio : xScale / ratio;
}
