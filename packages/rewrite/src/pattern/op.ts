import { invariant, opSchemas, schemaOf, type Node, type OpName, type OpSchema, type Value } from "@lowbit/ir";
import { attributeObjection, type AttributeCondition } from "./attribute-condition.ts";
import type { MatchState } from "./match-state.ts";
import { opKey, type AllCapturesOf, type Continue, type Flat, type Pattern } from "./pattern.ts";

/** Conditions and names of an `op` pattern. */
export interface OpOptions<
  P extends readonly Pattern<unknown>[],
  As extends string,
  Outputs extends readonly (string | null)[],
> {
  /** Captures the node. */
  readonly as?: As;
  /** Only the attributes named here are looked at; all others flow through the captured node. */
  readonly attributes?: Readonly<Record<string, AttributeCondition>>;
  /** A last test, with what the operands captured: true, or the reason why not. */
  readonly where?: (node: Node, captures: Flat<AllCapturesOf<P>>) => true | string;
  /** Nodes outside the match may read the results, which then have to stay. Default: false. */
  readonly shared?: boolean;
  /** Names for the node's outputs, by index; null for one nobody needs. */
  readonly outputs?: Outputs;
  /** Which output the matched value is. Default: 0. */
  readonly output?: number;
  /** The node may have operands after those of the pattern. Default: false. */
  readonly moreOperands?: boolean;
}

type OpCaptures<
  P extends readonly Pattern<unknown>[],
  As extends string,
  Outputs extends readonly (string | null)[],
> = Flat<
  AllCapturesOf<P> & { readonly [K in As]: Node } & { readonly [K in NonNullable<Outputs[number]>]: Value | null }
>;

/**
 * The result of a node of this op (or of one of these) whose operands match. Operands without a pattern must be absent.
 *
 * The first two operands of a commutative op are tried both ways. Unless `shared`, an interior node's results must be read
 * by nodes of the match only.
 */
export function op<
  const P extends readonly Pattern<unknown>[],
  const As extends string = never,
  const Outputs extends readonly (string | null)[] = readonly [],
>(
  name: OpName | readonly OpName[],
  operands: P,
  options?: OpOptions<P, As, Outputs>,
): Pattern<OpCaptures<P, As, Outputs>>;
/** The same for an op of a domain that lowbit has no schemas for. */
export function op<
  const P extends readonly Pattern<unknown>[],
  const As extends string = never,
  const Outputs extends readonly (string | null)[] = readonly [],
>(
  name: string | readonly string[],
  operands: P,
  options: OpOptions<P, As, Outputs> & { readonly domain: string },
): Pattern<OpCaptures<P, As, Outputs>>;
export function op(
  name: string | readonly string[],
  operands: readonly Pattern<unknown>[],
  options: OpOptions<readonly Pattern<unknown>[], string, readonly (string | null)[]> & { domain?: string } = {},
): Pattern<unknown> {
  const ops = typeof name === "string" ? [name] : name;
  const keys = ops.map((each) => opKey(each, options.domain ?? domainOf(each)));
  const keySet = new Set(keys);
  const text = ops.join(" or ");
  const ownNames = [options.as ?? null, ...(options.outputs ?? [])].filter((each) => each !== null);
  const operandNames = [...new Set(operands.flatMap((pattern) => pattern.names))];

  function finish(node: Node, state: MatchState, next: Continue): MatchState | null {
    const reason = options.where?.(node, state.captures(operandNames) as never) ?? true;
    if (reason !== true) return state.fail(node, () => reason);
    let bound: MatchState | null = options.as === undefined ? state : state.bind(options.as, node);
    for (const [index, output] of (options.outputs ?? []).entries()) {
      const value = node.outputs[index];
      if (bound && output !== null && value) bound = bound.bind(output, value);
    }
    return bound && next(bound);
  }

  function matchOperands(
    node: Node,
    order: readonly number[],
    index: number,
    state: MatchState,
    next: Continue,
  ): MatchState | null {
    if (index === operands.length) return finish(node, state, next);
    const value = node.inputs[order[index] ?? index] ?? null;
    const rest = (after: MatchState): MatchState | null => matchOperands(node, order, index + 1, after, next);
    return operands[index]!.match(value, state, rest);
  }

  return {
    names: [...new Set([...operandNames, ...ownNames])],
    text,
    roots: keys,
    depth: 1 + Math.max(0, ...operands.map((pattern) => pattern.depth)),
    match(value, state, next) {
      if (value === null) return state.fail(state.root, () => `the operand that should be ${text} is absent`);
      const node = value.producer;
      if (node === null) return state.fail(value, () => `is ${sourceText(value)}, not the result of ${text}`);
      if (!keySet.has(opKey(node.op, node.domain))) {
        return state.fail(value, () => `is the result of ${node.op}, not of ${text}`);
      }
      if (value.outputIndex !== (options.output ?? 0))
        return state.fail(value, () => `is another output of ${node.op}`);
      if (node.graph !== state.root.graph) return state.fail(node, () => "is outside this body");
      const inner = state.withNode(node, options.shared ?? false);
      for (const [attribute, condition] of Object.entries(options.attributes ?? {})) {
        const objection = attributeObjection(node, attribute, condition);
        if (objection !== null) return inner.fail(node, () => objection);
      }
      const extra = options.moreOperands
        ? -1
        : node.inputs.findIndex((each, i) => i >= operands.length && each !== null);
      if (extra >= 0) return inner.fail(node, () => `has an operand ${extra} besides those of the pattern`);
      return (
        matchOperands(node, asWritten, 0, inner, next) ??
        (swappable(node, operands) ? matchOperands(node, swapped, 0, inner, next) : null)
      );
    },
  };
}

function domainOf(name: string): string {
  const schema = (opSchemas as Readonly<Record<string, OpSchema>>)[name];
  invariant(schema, `op pattern "${name}": no schema has that name, so the pattern needs a domain`);
  return schema.domain;
}

const asWritten: readonly number[] = [];
const swapped: readonly number[] = [1, 0];

function swappable(node: Node, operands: readonly unknown[]): boolean {
  if (operands.length < 2 || node.inputs[0] === node.inputs[1]) return false;
  return schemaOf(node.op, node.domain)?.traits.includes("commutative") ?? false;
}

function sourceText(value: Value): string {
  if (value.isGraphInput) return "a graph input";
  return value.initializer ? "an initializer" : "a value from outside";
}
