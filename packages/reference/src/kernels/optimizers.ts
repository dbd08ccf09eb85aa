import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

/** New parameter and states of one tensor, elementwise: operands and results are `[parameter, ...states]`. */
type Update = (parameter: number, gradient: number, states: readonly number[]) => readonly number[];

/**
 * The ops list parameters, then gradients, then each kind of state, `count` tensors of each; results are the new
 * parameters, then the new states.
 */
const optimizer =
  (stateKinds: number, make: (call: KernelCall, rate: number, step: number) => Update): Kernel =>
  (call) => {
    const update = make(call, call.scalar(0), call.scalar(1));
    const count = (call.inputs.length - 2) / (2 + stateKinds);
    const results: Tensor[] = [];
    for (let i = 0; i < count; i++) {
      const [parameter, gradient, ...states] = Array.from({ length: 2 + stateKinds }, (_, kind) =>
        call.tensor(2 + kind * count + i),
      );
      const values = parameter!.numbers();
      const gradients = gradient!.numbers();
      const stateValues = states.map((state) => state.numbers());
      const updated = Array.from({ length: 1 + stateKinds }, () => new Float64Array(values.length));
      for (let k = 0; k < values.length; k++) {
        const next = update(
          values[k]!,
          gradients[k]!,
          stateValues.map((state) => state[k]!),
        );
        for (const [kind, list] of updated.entries()) list[k] = next[kind]!;
      }
      for (const [kind, list] of updated.entries())
        results[kind * count + i] = tensorOf(parameter!.dtype, parameter!.dims, list);
    }
    return results;
  };

/** `H += g²`, `x -= r / (√H + ε)·g` with a rate that decays over the steps and an L2 term in the gradient. */
const adagrad = optimizer(1, ({ node }, rate, step) => {
  const decayed = rate / (1 + step * node.float("decay_factor", 0));
  return (x, g, [h]) => {
    const gradient = node.float("norm_coefficient", 0) * x + g;
    const squares = h! + gradient * gradient;
    return [x - (decayed * gradient) / (Math.sqrt(squares) + node.float("epsilon", 0)), squares];
  };
});

/** Kingma and Ba 2015 (https://arxiv.org/abs/1412.6980), with the bias correction in the rate. */
const adam = optimizer(2, ({ node }, rate, step) => {
  const [alpha, beta] = [node.float("alpha", 0.9), node.float("beta", 0.999)];
  const corrected = step > 0 ? (rate * Math.sqrt(1 - beta ** step)) / (1 - alpha ** step) : rate;
  return (x, g, [v, h]) => {
    const gradient = node.float("norm_coefficient", 0) * x + g;
    const mean = alpha * v! + (1 - alpha) * gradient;
    const squares = beta * h! + (1 - beta) * gradient * gradient;
    const next = x - (corrected * mean) / (Math.sqrt(squares) + node.float("epsilon", 0));
    return [(1 - node.float("norm_coefficient_post", 0)) * next, mean, squares];
  };
});

/** Gradient descent with momentum, standard or Nesterov's. */
const momentum = optimizer(1, ({ node }, rate, step) => {
  const [alpha, beta] = [node.float("alpha", 0), node.float("beta", 0)];
  const nesterov = node.string("mode", "standard") === "nesterov";
  return (x, g, [v]) => {
    const gradient = node.float("norm_coefficient", 0) * x + g;
    const velocity = alpha * v! + (step > 0 ? beta : 1) * gradient;
    return [x - rate * (nesterov ? gradient + alpha * velocity : velocity), velocity];
  };
});

/** Optimizer steps of the `ai.onnx.preview.training` domain. */
export const optimizerKernels = {
  Adagrad: adagrad,
  Adam: adam,
  Momentum: momentum,
} satisfies Readonly<Record<string, Kernel>>;
