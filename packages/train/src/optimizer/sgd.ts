import { badOptimizerSetting } from "../diagnostics.ts";
import { scalar } from "../legalize/legalization.ts";
import type { Optimizer, UpdateContext } from "./optimizer.ts";
import { grouped, type GroupOptions } from "./parameter-group.ts";
import { penalized } from "./weight-decay.ts";
import type { Value } from "@lowbit/ir";

/** How SGD moves parameters. */
export interface SgdOptions extends GroupOptions {
  /** Default 0: plain gradient descent. */
  readonly momentum?: number;
  /** Takes the gradient a step ahead; needs momentum. */
  readonly nesterov?: boolean;
  /** L2 penalty added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent: v ← μ·v + g, p ← p - lr·v (Nesterov: p ← p - lr·(g + μ·v)), g including λ·p.
 *
 * @throws CompileError `train/bad-optimizer`
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, weightDecay = 0, groups } = options;
  if (!(momentum >= 0 && momentum < 1)) throw badOptimizerSetting("momentum", momentum, "at least 0 and below 1");
  if (nesterov && momentum === 0) throw badOptimizerSetting("momentum", momentum, "above 0 with Nesterov's method");
  return grouped((decay) => withDecay(momentum, nesterov, decay), weightDecay, groups);
}

function withDecay(momentum: number, nesterov: boolean, weightDecay: number): Optimizer {
  return {
    name: `sgd:${momentum}${nesterov ? ":nesterov" : ""}:${weightDecay}`,
    slots: momentum === 0 ? [] : ["velocity"],
    hyper: ["learning_rate"],
    hyperAt: (_step, learningRate) => [learningRate],
    update(context: UpdateContext) {
      const { op, editor, parameter, slots, hyper } = context;
      const gradient = penalized(context, weightDecay);
      const moved = (direction: Value): Value => op.Sub([parameter, op.Mul([direction, hyper.learning_rate!])]);
      if (momentum === 0) return { parameter: moved(gradient), slots: {} };
      const keep = scalar(editor, momentum, "momentum");
      const velocity = op.Add([op.Mul([slots.velocity!, keep]), gradient]);
      const direction = nesterov ? op.Add([gradient, op.Mul([velocity, keep])]) : velocity;
      return { parameter: moved(direction), slots: { velocity } };
    },
  };
}
