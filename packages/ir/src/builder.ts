import type { AttributeInput } from "./graph/attribute.ts";
import type { Node } from "./graph/node.ts";
import type { Value } from "./graph/value.ts";
import type { AttributesOf, OpSchema } from "./ops/define-op.ts";
import { arity } from "./ops/define-op.ts";
import { opSchemas, type OpName, type OpSchemas } from "./ops/registry.ts";

type Operands<I extends readonly string[]> = I extends readonly [infer H, ...infer T extends readonly string[]]
  ? H extends `${string}...`
    ? readonly (Value | null)[]
    : H extends `${string}?`
      ? readonly [(Value | null)?, ...Operands<T>]
      : readonly [Value, ...Operands<T>]
  : readonly [];

/** One mandatory output is returned as itself; several, or a variadic one, as a list; optional ones may be absent. */
type Results<O extends readonly string[]> = O extends readonly [`${string}...`]
  ? readonly Value[]
  : O extends readonly [`${string}?`, ...(readonly string[])]
    ? readonly (Value | null)[]
    : O extends readonly [string, ...infer T]
      ? T extends readonly [] | readonly [`${string}?`, ...(readonly string[])]
        ? Value
        : readonly Value[]
      : never;

/** Settings of a node besides operands and attributes. */
export interface NodeOptions {
  /** Base of the node's name and, when `outputs` does not say, of its output names. */
  readonly name?: string;
  /** How many outputs, or their names (null: absent). Default: the mandatory ones. */
  readonly outputs?: number | readonly (string | null)[];
}

type BuildArguments<S extends OpSchema> =
  Record<never, never> extends AttributesOf<S["attributes"]>
    ? [inputs: Operands<S["inputs"]>, attributes?: AttributesOf<S["attributes"]>, options?: NodeOptions]
    : [inputs: Operands<S["inputs"]>, attributes: AttributesOf<S["attributes"]>, options?: NodeOptions];

/**
 * Makes nodes with checked operands and attributes: `op.Conv([x, w], { strides: [2, 2] })` returns the result value.
 *
 * The same builder writes models, replacements in rules, and gradients.
 */
export type Builder = {
  readonly [N in OpName]: (...args: BuildArguments<OpSchemas[N]>) => Results<OpSchemas[N]["outputs"]>;
};

/** What makes the node for a builder call. */
export type MakeNode = (
  schema: OpSchema,
  inputs: readonly (Value | null | undefined)[],
  attributes: Readonly<Record<string, AttributeInput | undefined>>,
  options: NodeOptions,
) => Node;

/** A builder over a node factory. */
export function createBuilder(make: MakeNode): Builder {
  const builder: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(opSchemas) as [string, OpSchema][]) {
    builder[name] = (
      inputs: readonly (Value | null | undefined)[],
      attributes: Readonly<Record<string, AttributeInput | undefined>> = {},
      options: NodeOptions = {},
    ) => {
      const node = make(schema, inputs, attributes, options);
      return returnsOne(schema) ? node.output : node.outputs;
    };
  }
  return builder as Builder;
}

function returnsOne(schema: OpSchema): boolean {
  const mandatory = schema.outputs.filter((name) => arity(name) === "one");
  return mandatory.length === 1 && !schema.outputs.some((name) => arity(name) === "variadic");
}
