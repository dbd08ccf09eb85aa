import { globMatcher } from "@lowbit/quantize";
import { rolePrefix, type TrainableParameter } from "./trainable-parameter.ts";

/**
 * A test for parameters: `role:weight` stands for all of that role, another pattern for those that have a name like it,
 * `*` standing for any text.
 */
export function parameterMatcher(pattern: string): (parameter: TrainableParameter) => boolean {
  if (pattern.startsWith(rolePrefix)) {
    const matches = globMatcher(pattern.slice(rolePrefix.length));
    return ({ role }) => matches(role);
  }
  const matches = globMatcher(pattern);
  return ({ names }) => names.some(matches);
}
