import type { NamedState } from "../engine/state.ts";
import { badOptimizerSetting } from "../diagnostics.ts";
import type { Optimizer } from "./optimizer.ts";

/** How parameters are averaged over the steps of a training. */
export type AveragingOptions =
  | {
      /** An exponential moving average that keeps this share of itself per step, for example 0.999. */
      readonly decay: number;
    }
  | {
      /** A plain mean of the parameters after this many steps, and ... */
      readonly from: number;
      /** ... every so many steps from then on. Default 1. */
      readonly every?: number;
    };

const slot = "average";

/**
 * Lets an optimizer keep, beside each parameter, its average over the steps: an exponential moving average (Polyak and
 * Juditsky 1992) or a plain mean from some step on (SWA: Izmailov et al. 2018). Training goes on with the parameters
 * themselves; what is evaluated and exported are the averages. Statistics of normalizations and ranges are those of the
 * last step.
 *
 * The moving average is a plain mean while fewer steps than 1/(1 - decay) were made, so that it does not lean to the start.
 *
 * @throws CompileError `train/bad-optimizer`
 */
export function averaged(optimizer: Optimizer, averaging: AveragingOptions): Optimizer {
  const rateAt = rates(averaging);
  return {
    ...optimizer,
    name: `${optimizer.name}:averaged:${JSON.stringify(averaging)}`,
    slots: [...optimizer.slots, slot],
    hyper: [...optimizer.hyper, "average_rate"],
    hyperAt: (step, learningRate) => [...optimizer.hyperAt(step, learningRate), rateAt(step)],
    update(context) {
      const { op, slots, hyper } = context;
      const moved = optimizer.update(context);
      const change = op.Mul([op.Sub([moved.parameter, slots[slot]!]), hyper.average_rate!]);
      return { parameter: moved.parameter, slots: { ...moved.slots, [slot]: op.Add([slots[slot]!, change]) } };
    },
    average: slot,
  };
}

/** How far the average moves towards the parameter at a step, from 1. */
function rates(averaging: AveragingOptions): (step: number) => number {
  if ("decay" in averaging) {
    const { decay } = averaging;
    if (!(decay > 0 && decay < 1)) throw badOptimizerSetting("the decay of an average", decay, "between 0 and 1");
    return (step) => Math.max(1 - decay, 1 / step);
  }
  const { from, every = 1 } = averaging;
  if (!(Number.isInteger(from) && from >= 0)) throw badOptimizerSetting("the first step", from, "a whole number");
  if (!(Number.isInteger(every) && every >= 1))
    throw badOptimizerSetting("the distance", every, "a whole number above 0");
  return (step) => {
    const after = step - Math.max(1, from);
    if (after <= 0) return 1;
    return after % every === 0 ? 1 / (after / every + 1) : 0;
  };
}

/** The state in which parameters hold their averages, where the optimizer keeps any. */
export function averagedState(optimizer: Optimizer, state: NamedState): NamedState {
  if (optimizer.average === undefined) return state;
  const averages = [...state].filter(([name]) => name.endsWith(`.${optimizer.average}`));
  return new Map([...state, ...averages.map(([name, tensor]) => [name.slice(0, -slot.length - 1), tensor] as const)]);
}
