import { CompileError } from "@lowbit/ir";
import { globDistance, globMatcher } from "@lowbit/quantize";
import { rolePrefix, type TrainableParameter } from "../optimizer/trainable-parameter.ts";
import { namedByLayer } from "./parameter-names.ts";

/** Most names that a message lists. */
const mostNames = 6;
/** Most names that are proposed in the place of one that nothing has. */
const mostNear = 3;
const whatIsLearned = "parameters are float initializers that serve as weights, biases or normalization scales";

/**
 * Nothing in the model can be trained, or what was chosen left nothing.
 *
 * @param parameters what could be trained
 * @param selection patterns asked for
 * @param frozen patterns excluded
 */
export function noParameters(
  parameters: readonly TrainableParameter[],
  selection: readonly string[] | undefined,
  frozen: readonly string[] | undefined,
): CompileError {
  const quoted = (globs: readonly string[]): string => globs.map((glob) => `"${glob}"`).join(", ");
  const found = selection
    ? `no trainable parameter of the model matches ${quoted(selection)}`
    : "the model has no trainable parameter";
  return new CompileError({
    code: "train/no-parameters",
    severity: "error",
    message: frozen?.length ? `${found} besides those that are frozen (${quoted(frozen)})` : found,
    help: parameters.length === 0 ? whatIsLearned : `its parameters are ${listed(parameters)}`,
  });
}

/** A pattern of parameters that none fits. @param parameters what could be trained */
export function matchesNoParameter(pattern: string, parameters: readonly TrainableParameter[]): CompileError {
  return new CompileError({
    code: "train/no-parameters",
    severity: "error",
    message: `no trainable parameter of the model matches "${pattern}"`,
    help: parameters.length === 0 ? whatIsLearned : insteadOf(pattern, parameters),
  });
}

function insteadOf(pattern: string, parameters: readonly TrainableParameter[]): string {
  const near = nearestNames(pattern, parameters);
  if (near.length > 0) return `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?`;
  if (pattern.startsWith(rolePrefix)) {
    const roles = [...new Set(parameters.map(({ role }) => role))].join(", ");
    const unlearned = pattern === `${rolePrefix}scale` ? ", scales where they are learned (--learn-scales)" : "";
    return `its parameters have the roles ${roles}${unlearned}`;
  }
  return `its parameters are ${listed(parameters)}; \`*\` stands for any text`;
}

function listed(parameters: readonly TrainableParameter[]): string {
  const more = parameters.length - mostNames;
  const shown = parameters.slice(0, mostNames).map(namedByLayer).join(", ");
  return more > 0 ? `${shown} and ${more} more (\`lowbit inspect --text\`)` : shown;
}

/** Patterns for what is within a layer, if that is all that lacks, or names that are a few characters away, the nearest first. */
function nearestNames(pattern: string, parameters: readonly TrainableParameter[]): readonly string[] {
  const inside = [".*", "/*", "*"]
    .map((end) => `${pattern}${end}`)
    .find((wider) => parameters.some(({ names }) => names.some(globMatcher(wider))));
  if (inside !== undefined) return [inside];
  const most = Math.max(1, Math.round(pattern.replaceAll("*", "").length / 4));
  const near = parameters.map(({ names, role }) =>
    [...names, `${rolePrefix}${role}`]
      .map((name) => ({ name, distance: globDistance(pattern, name) }))
      // Of names that are as near, the last one is the shortest.
      .reduce((best, next) => (next.distance <= best.distance ? next : best)),
  );
  const sorted = near.filter(({ distance }) => distance <= most).toSorted((a, b) => a.distance - b.distance);
  return [...new Set(sorted.map(({ name }) => name))].slice(0, mostNear);
}
