import { badOptimizerSetting } from "../diagnostics.ts";
import { scalar } from "../legalize/legalization.ts";
import type { Optimizer } from "./optimizer.ts";
import { grouped, type GroupOptions } from "./parameter-group.ts";
import { penalized } from "./weight-decay.ts";

/** How Adagrad moves parameters. */
export interface AdagradOptions extends GroupOptions {
  /** Default 1e-10, added after the square root. */
  readonly epsilon?: number;
  /** The rate of step t is lr / (1 + (t - 1)·decay). Default 0. */
  readonly decay?: number;
  /** L2 penalty added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Adagrad (Duchi, Hazan and Singer 2011): h ← h + g², p ← p - lr·g / (√h + ε), g including λ·p.
 *
 * @throws CompileError `train/bad-optimizer`
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const { epsilon = 1e-10, decay = 0, weightDecay = 0, groups } = options;
  if (!(decay >= 0)) throw badOptimizerSetting("decay", decay, "at least 0");
  return grouped(
    (penalty) => ({
      name: `adagrad:${epsilon}:${penalty}`,
      slots: ["squares"],
      hyper: ["learning_rate"],
      hyperAt: (step, learningRate) => [learningRate / (1 + (step - 1) * decay)],
      update(context) {
        const { op, editor, parameter, slots, hyper } = context;
        const gradient = penalized(context, penalty);
        const squares = op.Add([slots.squares!, op.Mul([gradient, gradient])]);
        const size = op.Add([op.Sqrt([squares]), scalar(editor, epsilon, "epsilon")]);
        const step = op.Mul([op.Div([gradient, size]), hyper.learning_rate!]);
        return { parameter: op.Sub([parameter, step]), slots: { squares } };
      },
    }),
    weightDecay,
    groups,
  );
}
