import { badOptimizerSetting } from "../diagnostics.ts";
import { scalar } from "../legalize/legalization.ts";
import type { Optimizer } from "./optimizer.ts";
import { grouped, type GroupOptions } from "./parameter-group.ts";
import { penalized } from "./weight-decay.ts";

/** How Adam and AdamW move parameters. */
export interface AdamOptions extends GroupOptions {
  /** Decay rates of the first and second moment. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8, added after the square root. */
  readonly epsilon?: number;
  /** L2 penalty added to the gradient (`adam`), or decay applied to the parameter itself (`adamw`). */
  readonly weightDecay?: number;
  /** Whether moments are scaled up while they are still close to their zero start. Default: true. */
  readonly biasCorrection?: boolean;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1). Weight decay, if any, goes through the moments.
 *
 * @throws CompileError `train/bad-optimizer`
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return groupedMoments("adam", options, false);
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2): weight decay (default 0.01) apart from the moments.
 *
 * @throws CompileError `train/bad-optimizer`
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  return groupedMoments("adamw", { weightDecay: 0.01, ...options }, true);
}

function groupedMoments(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  const { weightDecay = 0, groups, betas = [] } = options;
  const unusable = betas.find((beta) => !(beta >= 0 && beta < 1));
  if (unusable !== undefined) throw badOptimizerSetting("a beta", unusable, "at least 0 and below 1");
  return grouped(
    (decay) => momentEstimates(name, { ...options, weightDecay: decay }, decoupled && decay !== 0),
    weightDecay,
    groups,
  );
}

/**
 * m ← β₁·m + (1-β₁)·g, v ← β₂·v + (1-β₂)·g², p ← p - lr·m̂ / (√v̂ + ε), where m̂ = m / (1-β₁ᵗ), v̂ = v / (1-β₂ᵗ).
 *
 * The slots hold M = m / (1-β₁) and V = v / (1-β₂), and all factors that depend on the step only are drawn together into
 * two numbers, a and b: M ← β₁·M + g, V ← β₂·V + g², p ← p - a·M / (√V + b). That is ten passes over the parameter
 * instead of thirteen.
 */
function momentEstimates(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0, biasCorrection = true } = options;
  const [beta1, beta2] = betas;
  /** Share of the weight of all steps so far in a moment that decays by beta. */
  const seen = (beta: number, step: number): number => (biasCorrection ? 1 - beta ** step : 1);
  return {
    name: `${name}:${betas.join(":")}:${weightDecay}`,
    slots: ["first_moment", "second_moment"],
    hyper: decoupled ? ["step_size", "epsilon", "keep"] : ["step_size", "epsilon"],
    hyperAt(step, learningRate) {
      const spread = Math.sqrt((1 - beta2) / seen(beta2, step));
      const first = (1 - beta1) / seen(beta1, step);
      const numbers = [(learningRate * first) / spread, epsilon / spread];
      return decoupled ? [...numbers, 1 - learningRate * weightDecay] : numbers;
    },
    update(context) {
      const { op, editor, parameter, slots, hyper } = context;
      const gradient = decoupled ? context.gradient : penalized(context, weightDecay);
      const first = op.Add([op.Mul([slots.first_moment!, scalar(editor, beta1, "beta1")]), gradient]);
      const square = op.Mul([gradient, gradient]);
      const second = op.Add([op.Mul([slots.second_moment!, scalar(editor, beta2, "beta2")]), square]);
      const step = op.Mul([op.Div([first, op.Add([op.Sqrt([second]), hyper.epsilon!])]), hyper.step_size!]);
      const kept = decoupled ? op.Mul([parameter, hyper.keep!]) : parameter;
      return { parameter: op.Sub([kept, step]), slots: { first_moment: first, second_moment: second } };
    },
  };
}
