import { scalar } from "../legalize/legalization.ts";
import type { Optimizer } from "./optimizer.ts";

export interface SgdOptions {
  /** Default 0: plain gradient descent. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** L2 penalty added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent: v ← μ·v + g, p ← p - lr·v (Nesterov: p ← p - lr·(g + μ·v)), g including λ·p. */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  return {
    name: "sgd",
    slots: momentum === 0 ? [] : ["velocity"],
    hyper: ["learning_rate"],
    hyperAt: (_step, learningRate) => [learningRate],
    update({ op, editor, parameter, gradient, slots, hyper }) {
      const decayed =
        weightDecay === 0
          ? gradient
          : op.Add([gradient, op.Mul([parameter, scalar(editor, weightDecay, "weight_decay")])]);
      const moved = (direction: typeof gradient): typeof gradient =>
        op.Sub([parameter, op.Mul([direction, hyper.learning_rate!])]);
      if (momentum === 0) return { parameter: moved(decayed), slots: {} };
      const keep = scalar(editor, momentum, "momentum");
      const velocity = op.Add([op.Mul([slots.velocity!, keep]), decayed]);
      const direction = nesterov ? op.Add([decayed, op.Mul([velocity, keep])]) : velocity;
      return { parameter: moved(direction), slots: { velocity } };
    },
  };
}
