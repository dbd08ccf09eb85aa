import { scalar } from "../legalize/legalization.ts";
import type { Optimizer } from "./optimizer.ts";

export interface AdamOptions {
  /** Decay rates of the first and second moment. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8, added after the square root. */
  readonly epsilon?: number;
  /** L2 penalty added to the gradient (`adam`), or decay applied to the parameter itself (`adamw`). */
  readonly weightDecay?: number;
}

/** Adam (Kingma and Ba 2015, algorithm 1). Weight decay, if any, goes through the moments. */
export function adam(options: AdamOptions = {}): Optimizer {
  return momentEstimates("adam", options, false);
}

/** AdamW (Loshchilov and Hutter 2019, algorithm 2): weight decay (default 0.01) apart from the moments. */
export function adamw(options: AdamOptions = {}): Optimizer {
  return momentEstimates("adamw", { weightDecay: 0.01, ...options }, true);
}

/**
 * m ← β₁·m + (1-β₁)·g, v ← β₂·v + (1-β₂)·g², p ← p - lr·m̂ / (√v̂ + ε), where m̂ = m / (1-β₁ᵗ), v̂ = v / (1-β₂ᵗ).
 *
 * The slots hold M = m / (1-β₁) and V = v / (1-β₂), and all factors that depend on the step only are drawn together into
 * two numbers, a and b: M ← β₁·M + g, V ← β₂·V + g², p ← p - a·M / (√V + b). That is ten passes over the parameter
 * instead of thirteen.
 */
function momentEstimates(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0 } = options;
  const [beta1, beta2] = betas;
  const decays = weightDecay !== 0;
  return {
    name,
    slots: ["first_moment", "second_moment"],
    hyper: decoupled && decays ? ["step_size", "epsilon", "keep"] : ["step_size", "epsilon"],
    hyperAt(step, learningRate) {
      const spread = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
      const first = (1 - beta1) / (1 - beta1 ** step);
      const numbers = [(learningRate * first) / spread, epsilon / spread];
      return decoupled && decays ? [...numbers, 1 - learningRate * weightDecay] : numbers;
    },
    update({ op, editor, parameter, gradient, slots, hyper }) {
      const penalized =
        decays && !decoupled
          ? op.Add([gradient, op.Mul([parameter, scalar(editor, weightDecay, "weight_decay")])])
          : gradient;
      const first = op.Add([op.Mul([slots.first_moment!, scalar(editor, beta1, "beta1")]), penalized]);
      const square = op.Mul([penalized, penalized]);
      const second = op.Add([op.Mul([slots.second_moment!, scalar(editor, beta2, "beta2")]), square]);
      const step = op.Mul([op.Div([first, op.Add([op.Sqrt([second]), hyper.epsilon!])]), hyper.step_size!]);
      const kept = decoupled && decays ? op.Mul([parameter, hyper.keep!]) : parameter;
      return { parameter: op.Sub([kept, step]), slots: { first_moment: first, second_moment: second } };
    },
  };
}
