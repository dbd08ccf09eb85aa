import { mapPairs, mapTensor, requireSameDType } from "../arrays/map.ts";
import { elementsOf, isWide, tensorOf } from "../arrays/elements.ts";
import { broadcastDims, broadcastIndices, sameDims } from "../arrays/indices.ts";
import type { Kernel } from "../kernel.ts";
import { erf, sigmoid, softplus } from "../special-functions.ts";

/** An activation whose float attributes have these defaults. */
const activation =
  <const A extends Readonly<Record<string, number>>>(
    defaults: A,
    make: (attributes: { readonly [N in keyof A]: number }) => (x: number) => number,
  ): Kernel =>
  (call) => {
    const names = Object.keys(defaults);
    const attributes = Object.fromEntries(names.map((name) => [name, call.node.float(name, defaults[name]!)]));
    return mapTensor(call.tensor(0), { number: make(attributes as { [N in keyof A]: number }) });
  };

const plain = (f: (x: number) => number): Kernel => activation({}, () => f);

/** HardSigmoid with the constants HardSwish fixes: `max(0, min(1, x/6 + 1/2))`. */
const hardSwishGate = (x: number): number => Math.max(0, Math.min(1, x / 6 + 0.5));

/** The smaller-than and greater-than ends of Clip; when they cross, the upper end wins. */
const clip: Kernel = (call) => {
  const x = call.tensor(0);
  requireSameDType(call, x, call.optional(1), call.optional(2));
  const bound = (index: number): number | bigint | null => {
    const tensor = call.optional(index);
    if (tensor === null || tensor.size === 0) return null;
    return elementsOf(tensor)[0]!;
  };
  const low = bound(1);
  const high = bound(2);
  const raise = <T extends number | bigint>(value: T): T => (low !== null && value < low ? (low as T) : value);
  const lower = <T extends number | bigint>(value: T): T => (high !== null && value > high ? (high as T) : value);
  const number = (value: number): number => lower(raise(value));
  return mapTensor(x, isWide(x.dtype) ? { number, bigint: (value: bigint) => lower(raise(value)) } : { number });
};

/** Activation functions, in float64 and rounded once to the operand's dtype. */
export const activationKernels = {
  Relu: ((call) =>
    mapTensor(call.tensor(0), {
      number: (x) => (x < 0 ? 0 : x),
      bigint: (x) => (x < 0n ? 0n : x),
    })) satisfies Kernel,
  LeakyRelu: activation(
    { alpha: 0.01 },
    ({ alpha }) =>
      (x) =>
        x < 0 ? alpha * x : x,
  ),
  ThresholdedRelu: activation(
    { alpha: 1 },
    ({ alpha }) =>
      (x) =>
        x > alpha ? x : 0,
  ),
  Elu: activation(
    { alpha: 1 },
    ({ alpha }) =>
      (x) =>
        x < 0 ? alpha * Math.expm1(x) : x,
  ),
  Celu: activation(
    { alpha: 1 },
    ({ alpha }) =>
      (x) =>
        Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha)),
  ),
  Selu: activation(
    { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 },
    ({ alpha, gamma }) =>
      (x) =>
        gamma * (x > 0 ? x : alpha * Math.expm1(x)),
  ),
  Sigmoid: plain(sigmoid),
  HardSigmoid: activation(
    { alpha: 0.2, beta: 0.5 },
    ({ alpha, beta }) =>
      (x) =>
        Math.max(0, Math.min(1, alpha * x + beta)),
  ),
  HardSwish: plain((x) => x * hardSwishGate(x)),
  Swish: activation(
    { alpha: 1 },
    ({ alpha }) =>
      (x) =>
        x * sigmoid(alpha * x),
  ),
  Mish: plain((x) => x * Math.tanh(softplus(x))),
  Softplus: plain(softplus),
  Softsign: plain((x) => x / (1 + Math.abs(x))),
  Gelu: ((call) => {
    const tanh = call.node.string("approximate", "none") === "tanh";
    return mapTensor(call.tensor(0), {
      number: tanh
        ? (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
        : (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    });
  }) satisfies Kernel,
  Shrink: activation(
    { bias: 0, lambd: 0.5 },
    ({ bias, lambd }) =>
      (x) =>
        x < -lambd ? x + bias : x > lambd ? x - bias : 0,
  ),
  PRelu: ((call) => {
    const x = call.tensor(0);
    const slope = call.tensor(1);
    const fits = broadcastDims(x.dims, slope.dims);
    if (fits && sameDims(fits, x.dims)) {
      return mapPairs(call, x, slope, {
        number: (element, alpha) => (element < 0 ? alpha * element : element),
        bigint: (element, alpha) => (element < 0n ? alpha * element : element),
      });
    }
    // Models before opset 7 give one slope per channel, which numpy broadcasting would align with the last axis.
    if (slope.dims.length !== 1 || slope.size !== x.dims[1]) {
      call.fail(`slope [${slope.dims.join(",")}] cannot be broadcast to [${x.dims.join(",")}]`);
    }
    const channels = broadcastIndices([slope.size, ...x.dims.slice(2).map(() => 1)], x.dims);
    const alphas = slope.numbers();
    const elements = x.numbers().map((element, i) => (element < 0 ? alphas[channels[i]!]! * element : element));
    return tensorOf(x.dtype, x.dims, elements);
  }) satisfies Kernel,
  Clip: clip,
};
