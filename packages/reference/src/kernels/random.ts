import type { Tensor, DType } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { randomSource, standardNormal, type RandomSource } from "../random-source.ts";
import { dtypeAttribute } from "./constants.ts";

/** The node's own generator when it has a seed, otherwise that of the evaluation. */
function sourceOf(call: KernelCall): RandomSource {
  const attribute = call.node.attributes.get("seed");
  if (attribute?.kind === "int") return randomSource(Number(BigInt.asIntN(32, attribute.value)));
  return attribute?.kind === "float" ? randomSource(Math.trunc(attribute.value)) : call.random;
}

function samples(
  call: KernelCall,
  dtype: DType,
  dims: readonly number[],
  next: (random: RandomSource) => number,
): Tensor {
  const random = sourceOf(call);
  return tensorOf(
    dtype,
    dims,
    Float64Array.from({ length: sizeOf(dims) }, () => next(random)),
  );
}

const normal = ({ node }: KernelCall): ((random: RandomSource) => number) => {
  const [mean, scale] = [node.float("mean", 0), node.float("scale", 1)];
  return (random) => mean + scale * standardNormal(random);
};

const uniform = ({ node }: KernelCall): ((random: RandomSource) => number) => {
  const [low, high] = [node.float("low", 0), node.float("high", 1)];
  return (random) => low + (high - low) * random.next();
};

type Distribution = (call: KernelCall) => (random: RandomSource) => number;

const ofShape =
  (distribution: Distribution): Kernel =>
  (call) =>
    samples(call, dtypeAttribute(call, "float"), call.node.ints("shape", []), distribution(call));

const likeOperand =
  (distribution: Distribution): Kernel =>
  (call) => {
    const x = call.tensor(0);
    return samples(call, dtypeAttribute(call, x.dtype), x.dims, distribution(call));
  };

const bernoulli: Kernel = (call) => {
  const x = call.tensor(0);
  const random = sourceOf(call);
  const drawn = x.numbers().map((probability) => (random.next() < probability ? 1 : 0));
  return tensorOf(dtypeAttribute(call, x.dtype), x.dims, drawn);
};

/** Indices drawn by the unnormalized log probabilities of each row. */
const multinomial: Kernel = (call) => {
  const x = call.tensor(0);
  const [rows, classes] = x.dims as [number, number];
  const count = call.node.int("sample_size", 1);
  const random = sourceOf(call);
  const logits = x.numbers();
  const drawn = Array.from({ length: rows * count }, (_, i) => {
    const row = Math.floor(i / count) * classes;
    const weights = Array.from({ length: classes }, (_unused, c) => Math.exp(logits[row + c]!));
    let rest = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
    const chosen = weights.findIndex((weight) => (rest -= weight) < 0);
    return chosen < 0 ? classes - 1 : chosen;
  });
  return tensorOf(dtypeAttribute(call, "int32"), [rows, count], drawn);
};

/** In training, elements vanish with probability `ratio` and the others grow by `1/(1 - ratio)`; otherwise the identity. */
const dropout: Kernel = (call) => {
  const x = call.tensor(0);
  const ratio = call.optionalScalar(1) ?? 0.5;
  const training = (call.optionalScalar(2) ?? 0) !== 0 && ratio > 0;
  if (!training) return [x, tensorOf("bool", x.dims, new Float64Array(x.size).fill(1))];
  const random = sourceOf(call);
  const mask = Float64Array.from({ length: x.size }, () => (random.next() >= ratio ? 1 : 0));
  const kept = x.numbers().map((element, i) => (mask[i]! === 1 ? element / (1 - ratio) : 0));
  return [tensorOf(x.dtype, x.dims, kept), tensorOf("bool", x.dims, mask)];
};

/** Random ops: reproducible from the seed of the evaluation, but not the numbers that any other runtime draws. */
export const randomKernels = {
  RandomNormal: ofShape(normal),
  RandomNormalLike: likeOperand(normal),
  RandomUniform: ofShape(uniform),
  RandomUniformLike: likeOperand(uniform),
  Bernoulli: bernoulli,
  Multinomial: multinomial,
  Dropout: dropout,
} satisfies Readonly<Record<string, Kernel>>;
