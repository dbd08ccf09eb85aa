import { globMatcher } from "@lowbit/quantize";
import {
  elementCount,
  GraphEditor,
  isFloat,
  operandRole,
  schemaOf,
  type Graph,
  type Node,
  type Value,
} from "@lowbit/ir";
import { parameterMatcher } from "../optimizer/parameter-matcher.ts";
import type { TrainableParameter } from "../optimizer/trainable-parameter.ts";
import { matchesNoParameter } from "./diagnostics.ts";
import { namesOf } from "./parameter-names.ts";
import { passesOn, roleOf } from "./parameter-role.ts";

/**
 * Whether an initializer serves some node as a weight, a bias, or the scale or bias of a normalization, be it through
 * fake quantization or a change of layout.
 */
function isLearned(value: Value): boolean {
  const pending = [value];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const { node, index } of next.uses) {
      if (passesOn(node, index)) pending.push(node.output);
      else if (learnsOperand(node, index, next)) return true;
    }
  }
  return false;
}

function learnsOperand(node: Node, index: number, value: Value): boolean {
  const schema = schemaOf(node.op, node.domain);
  if (!schema) return false;
  const { role } = operandRole(schema, index);
  if (role === "weight" || role === "bias") return true;
  // An op without a weight operand of its own (MatMul, Add, Mul) learns a constant operand that is not a mere number.
  const combines = schema.traits.includes("elementwise") || schema.traits.includes("linear");
  return role === "data" && combines && node.inputs.length > 1 && (elementCount(value.shape) ?? 2) > 1;
}

/**
 * Gives the role `parameter` to every float initializer that training may move, and `constant` to the others that had it.
 * What has the role already keeps it, unless patterns are given.
 *
 * @param only patterns of what to train: the name of an initializer, that of a node that reads it (`/layer4/conv1/Conv`,
 *   also as `layer4.conv1.Conv`), or a role (`role:weight`), `*` standing for any text; default: all that are learned by role
 * @param except patterns of what stays as it is, even if `only` has it
 * @returns the parameters in the graph's order
 * @throws CompileError `train/no-parameters` for a pattern that nothing fits
 */
export function selectParameters(
  graph: Graph,
  only?: readonly string[],
  except: readonly string[] = [],
): readonly Value[] {
  const { chosen } = chooseParameters(graph, only, except);
  const editor = new GraphEditor(graph);
  for (const value of graph.initializers) {
    if (value.role !== "buffer") editor.setRole(value, chosen.has(value) ? "parameter" : "constant");
  }
  return [...chosen];
}

/** A choice among the parameters of a graph, in its order. */
export interface ChosenParameters {
  readonly chosen: ReadonlySet<Value>;
  /** What is trained unless something is chosen. */
  readonly learned: readonly Value[];
}

/** What `selectParameters` selects, in a graph that stays as it is. @throws CompileError `train/no-parameters` */
export function chooseParameters(
  graph: Graph,
  only?: readonly string[],
  except: readonly string[] = [],
): ChosenParameters {
  const candidates = new Candidates(graph);
  const { learned } = candidates;
  const fitting = (pattern: string): readonly Value[] => {
    const found = candidates.fitting(pattern);
    if (found.length === 0) throw matchesNoParameter(pattern, learned.map(describeParameter));
    return found;
  };
  const wanted = new Set(only?.flatMap(fitting) ?? learned);
  const frozen = new Set(except.flatMap(fitting));
  return { chosen: new Set(candidates.all.filter((value) => wanted.has(value) && !frozen.has(value))), learned };
}

/** The float initializers that patterns choose among. */
class Candidates {
  readonly all: readonly Value[];
  readonly learned: readonly Value[];
  #described: readonly (readonly [Value, TrainableParameter])[] | null = null;

  constructor(graph: Graph) {
    this.all = [...graph.initializers].filter((value) => value.role !== "buffer" && isFloat(value.initializer!.dtype));
    this.learned = this.all.filter((value) => value.role === "parameter" || isLearned(value));
  }

  fitting(pattern: string): readonly Value[] {
    this.#described ??= this.learned.map((value) => [value, describeParameter(value)]);
    const matches = parameterMatcher(pattern);
    const found = this.#described.flatMap(([value, parameter]) => (matches(parameter) ? [value] : []));
    if (found.length > 0) return found;
    // A constant is trained only where its own name is asked for: no pattern for layers is to reach those of an activation.
    const named = globMatcher(pattern);
    return this.all.filter((value) => value.uses.size > 0 && named(value.name));
  }
}

/** A parameter as optimizers and patterns know it. */
export function describeParameter(value: Value): TrainableParameter {
  return { name: value.name, names: namesOf(value), role: roleOf(value), dims: value.initializer!.dims };
}
