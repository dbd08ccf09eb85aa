import { badOptimizerSetting } from "../diagnostics.ts";
import { parameterMatcher } from "./parameter-matcher.ts";
import type { Optimizer } from "./optimizer.ts";
import type { ParameterRole, TrainableParameter } from "./trainable-parameter.ts";

/** Parameters that move by numbers of their own: those with one of the names and one of the roles, where these are given. */
export interface ParameterGroup {
  /** Names of initializers or of the nodes that read them, `*` standing for any text. */
  readonly names?: readonly string[];
  readonly roles?: readonly ParameterRole[];
  /** Factor of the learning rate. Default 1; 0 keeps the parameters where they are. */
  readonly learningRate?: number;
  /** Weight decay instead of the optimizer's own. */
  readonly weightDecay?: number;
}

/** Options that every optimizer has. */
export interface GroupOptions {
  /** A parameter belongs to the first group that fits; those without a group move by the optimizer's own numbers. */
  readonly groups?: readonly ParameterGroup[];
}

/** Biases, normalizations and quantizer scales without weight decay, as most recipes have it. */
export const withoutDecay: ParameterGroup = { roles: ["bias", "normalization", "scale"], weightDecay: 0 };

/** Quantizer scales never decay on their own account: their parameter is the logarithm of a ratio, and 0 means nothing. */
const scalesWithoutDecay: ParameterGroup = { roles: ["scale"], weightDecay: 0 };

/**
 * An optimizer whose parameter groups have numbers of their own.
 *
 * @param make the optimizer for a weight decay
 * @throws CompileError `train/bad-optimizer` for a factor or a decay below 0
 */
export function grouped(
  make: (weightDecay: number) => Optimizer,
  weightDecay: number,
  groups: readonly ParameterGroup[] = [],
): Optimizer {
  for (const group of groups) {
    requireAtLeastZero("a group's learning rate", group.learningRate);
    requireAtLeastZero("a group's weight decay", group.weightDecay);
  }
  const all = [...groups, scalesWithoutDecay, {}].map((group) => new Member(group, weightDecay));
  const [base] = [make(weightDecay)];
  // One kind of update is enough where all groups are alike: parameters of any role can then be packed together.
  if (all.every((member) => member.factor === 1 && member.decay === weightDecay)) return base;
  const members = all.map((member) => make(member.decay));
  const prefixed = (index: number): readonly string[] => members[index]!.hyper.map((name) => `${index}.${name}`);
  const groupOf: Optimizer["groupOf"] = (parameter) => all.findIndex((member) => member.fits(parameter));
  return {
    name: `${base.name}:${JSON.stringify(groups)}`,
    slots: base.slots,
    hyper: members.flatMap((_, index) => prefixed(index)),
    hyperAt: (step, learningRate) =>
      members.flatMap((member, index) => member.hyperAt(step, learningRate * all[index]!.factor)),
    groupOf,
    update(context) {
      const index = groupOf(context.holds[0]!);
      const hyper = Object.fromEntries(
        members[index]!.hyper.map((name) => [name, context.hyper[`${index}.${name}`]!] as const),
      );
      return members[index]!.update({ ...context, hyper });
    },
  };
}

class Member {
  readonly factor: number;
  readonly decay: number;
  readonly #group: ParameterGroup;
  readonly #names: readonly ((parameter: TrainableParameter) => boolean)[] | null;

  constructor(group: ParameterGroup, weightDecay: number) {
    this.factor = group.learningRate ?? 1;
    this.decay = group.weightDecay ?? weightDecay;
    this.#group = group;
    this.#names = group.names?.map(parameterMatcher) ?? null;
  }

  fits(parameter: TrainableParameter): boolean {
    const named = this.#names?.some((matches) => matches(parameter)) ?? true;
    return named && (this.#group.roles?.includes(parameter.role) ?? true);
  }
}

function requireAtLeastZero(setting: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0 && value < Infinity)) {
    throw badOptimizerSetting(setting, value, "a number of at least 0");
  }
}
