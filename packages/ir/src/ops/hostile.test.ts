import fc from "fast-check";
import { expect, test } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { GraphEditor } from "../edit/graph-editor.ts";
import type { Attribute, AttributeKind } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/value.ts";
import { Tensor } from "../tensor.ts";
import { dtypes, tensorType, type ValueType } from "../types.ts";
import type { OpSchema } from "./define-op.ts";
import { opSchemas } from "./registry.ts";

const schemas: readonly OpSchema[] = Object.values(opSchemas);
const integer = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 9 }) },
  fc.constantFrom(-(2 ** 53) + 1, 2 ** 53 - 1, 2 ** 31, 64),
);
const dim = fc.oneof(fc.nat(9), fc.constantFrom("N", "2*M", null, 0, 2 ** 52));
const shape = fc.option(fc.array(dim, { maxLength: 5 }), { freq: 5 });
const tensor = fc
  .record({ dtype: fc.constantFrom(...dtypes), shape })
  .map((type) => tensorType(type.dtype, type.shape));
const anyType: fc.Arbitrary<ValueType | null> = fc.oneof(
  { weight: 8, arbitrary: tensor },
  tensor.map((element) => ({ kind: "sequence" as const, element })),
  tensor.map((element) => ({ kind: "optional" as const, element })),
  fc.constant(null),
);
const constant = fc.array(integer, { maxLength: 5 }).map((values) => Tensor.of("int64", values));
const operand = fc.option(
  fc.oneof(
    anyType.map((type) => ({ type })),
    constant.map((data) => ({ data })),
  ),
  { freq: 8 },
);
const attributesByKind: Readonly<Partial<Record<AttributeKind, fc.Arbitrary<Attribute>>>> = {
  int: integer.map((value) => ({ kind: "int", value: BigInt(value) })),
  ints: fc.array(integer, { maxLength: 6 }).map((values) => ({ kind: "ints", value: values.map(BigInt) })),
  float: fc.double().map((value) => ({ kind: "float", value })),
  floats: fc.array(fc.double(), { maxLength: 3 }).map((value) => ({ kind: "floats", value })),
  string: fc
    .constantFrom("SAME_UPPER", "ij,jk->ik", "...i->i...", "int8", "none", "")
    .map((value) => ({ kind: "string", value })),
  strings: fc.array(fc.constantFrom("a", "b"), { maxLength: 3 }).map((value) => ({ kind: "strings", value })),
  graph: fc.nat(3).map((size) => ({ kind: "graph", value: bodyOf(size) })),
  tensor: constant.map((value) => ({ kind: "tensor", value })),
};
/** What may stand for an attribute of any kind. */
const attribute = fc.oneof(...Object.values(attributesByKind));

function bodyOf(size: number): Graph {
  const body = new Graph("body");
  const editor = new GraphEditor(body);
  for (let i = 0; i < size; i++) {
    const value = editor.input(`b${i}`, i === 1 ? null : tensorType("float", [i]));
    if (i !== 2) editor.output(value);
  }
  return body;
}

const call = fc.constantFrom(...schemas).chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    operands: fc.array(operand, { maxLength: schema.inputs.length + 2 }),
    attributes: fc.record(
      Object.fromEntries(Object.entries(schema.attributes).map(([name, { kind }]) => [name, likely(kind)])),
      {
        requiredKeys: [],
      },
    ),
    outputs: fc.nat(schema.outputs.length + 1),
  }),
);

/** An attribute that is mostly of the right kind. */
function likely(kind: AttributeKind): fc.Arbitrary<Attribute> {
  return fc.oneof({ weight: 9, arbitrary: attributesByKind[kind] ?? attribute }, attribute);
}

test("operands and attributes of any kind are inferred or refused with a diagnostic, and nothing else", () => {
  const property = fc.property(call, ({ schema, operands, attributes, outputs }) => {
    const editor = new GraphEditor(new Graph("g"));
    const values = operands.map((given, i): Value | null => {
      if (given === null) return null;
      return "data" in given ? editor.initializer(given.data, `c${i}`) : editor.input(`x${i}`, given.type);
    });
    try {
      const { domain } = schema;
      const node = editor.node(schema.op, values, attributes as Record<string, Attribute>, { domain, outputs });
      for (const value of node.outputs) {
        const dims = value?.shape?.filter((size) => typeof size === "number") ?? [];
        expect(dims.every((size) => Number.isSafeInteger(size) && size >= 0)).toBe(true);
      }
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
    }
  });
  fc.assert(property, { numRuns: 3000, seed: 21 });
});
