import { expect, expectTypeOf, test } from "vitest";
import { GraphEditor } from "../edit/graph-editor.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/value.ts";
import { tensorType } from "../types.ts";
import * as activation from "./activation.ts";
import * as arithmetic from "./arithmetic.ts";
import * as attention from "./attention.ts";
import * as cast from "./cast.ts";
import * as controlFlow from "./control-flow.ts";
import * as conv from "./conv.ts";
import { arity, operandName, operandRole, type OpSchema } from "./define-op.ts";
import * as gather from "./gather.ts";
import * as generate from "./generate.ts";
import * as logic from "./logic.ts";
import * as loss from "./loss.ts";
import * as lowbit from "./lowbit.ts";
import * as math from "./math.ts";
import * as matmul from "./matmul.ts";
import * as microsoft from "./microsoft.ts";
import * as normalization from "./normalization.ts";
import * as pool from "./pool.ts";
import * as quantization from "./quantization.ts";
import * as random from "./random.ts";
import * as recurrent from "./recurrent.ts";
import * as reduce from "./reduce.ts";
import { opSchemas, schemaOf } from "./registry.ts";
import * as resize from "./resize.ts";
import * as sequence from "./sequence.ts";
import * as shape from "./shape.ts";
import * as signal from "./signal.ts";
import * as text from "./text.ts";
import * as training from "./training.ts";

const modules = [
  activation,
  arithmetic,
  attention,
  cast,
  controlFlow,
  conv,
  gather,
  generate,
  logic,
  loss,
  lowbit,
  math,
  matmul,
  microsoft,
  normalization,
  pool,
  quantization,
  random,
  recurrent,
  reduce,
  resize,
  sequence,
  shape,
  signal,
  text,
  training,
];

/** Every family: the exports whose names end in `Ops`. */
const families: readonly Readonly<Record<string, OpSchema>>[] = modules.flatMap((module) =>
  Object.entries(module).flatMap(([name, value]) =>
    name.endsWith("Ops") ? [value as unknown as Readonly<Record<string, OpSchema>>] : [],
  ),
);
const schemas: readonly OpSchema[] = Object.values(opSchemas);

test("every op belongs to one family, under its own name, so that none can hide another", () => {
  const names = families.flatMap((family) => Object.keys(family));
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  expect(names.toSorted()).toEqual(Object.keys(opSchemas).toSorted());
  for (const [name, schema] of Object.entries<OpSchema>(opSchemas)) {
    expect(schema.op).toBe(name);
    expect(schemaOf(schema.op, schema.domain)).toBe(schema);
  }
});

test("roles name operands of their op", () => {
  for (const schema of schemas) {
    const names = schema.inputs.map((_, index) => operandName(schema, index));
    for (const name of Object.keys(schema.roles))
      expect([schema.op, names]).toEqual([schema.op, expect.arrayContaining([name])]);
  }
});

test("only the last operand or result of an op is variadic", () => {
  for (const schema of schemas) {
    for (const list of [schema.inputs, schema.outputs]) {
      const places = list.flatMap((name, i) => (arity(name) === "variadic" ? [i] : []));
      expect([schema.op, places.every((i) => i === list.length - 1)]).toEqual([schema.op, true]);
    }
  }
});

test("the weight of a product says along which axis its output channels run", () => {
  const axes = (op: string, operands: readonly string[], attributes = {}): unknown => {
    const editor = new GraphEditor(new Graph("g"));
    const values = operands.map((dims, i) => editor.input(`x${i}`, tensorType("float", dims.split("x").map(Number))));
    const node = editor.node(op, values, attributes);
    const { role, channelAxis } = operandRole(schemaOf(op)!, 1);
    return [role, typeof channelAxis === "function" ? channelAxis(node) : channelAxis];
  };
  expect(axes("Conv", ["1x3x8x8", "4x3x3x3"])).toEqual(["weight", 0]);
  expect(axes("ConvTranspose", ["1x4x8x8", "4x3x3x3"])).toEqual(["weight", 1]);
  expect(axes("Gemm", ["2x3", "3x4"])).toEqual(["weight", 1]);
  expect(axes("Gemm", ["2x3", "4x3"], { transB: 1 })).toEqual(["weight", 0]);
  expect(axes("MatMul", ["5x2x3", "5x3x4"])).toEqual(["weight", 2]);
});

test("the builder's results follow the schema: one value, a list, or values that may be absent", () => {
  const editor = new GraphEditor(new Graph("g"));
  const x = editor.input("x", tensorType("float", [1, 3, 8, 8]));
  const pooled = editor.op.MaxPool([x], { kernel_shape: [2, 2] });
  const parts = editor.op.Split([x], { axis: 1, num_outputs: 3 }, { outputs: 3 });
  const w = editor.input("w", tensorType("float", [1, 80, 8]));
  const r = editor.input("r", tensorType("float", [1, 80, 20]));
  const steps = editor.input("steps", tensorType("float", [5, 2, 8]));
  const states = editor.op.LSTM([steps, w, r], {}, { outputs: [null, "h"] });
  expectTypeOf(pooled).toEqualTypeOf<Value>();
  expectTypeOf(parts).toEqualTypeOf<readonly Value[]>();
  expectTypeOf(states).toEqualTypeOf<readonly (Value | null)[]>();
  expect(parts.map((part) => part.shape)).toEqual(Array.from({ length: 3 }, () => [1, 1, 8, 8]));
  expect(states.map((state) => state && state.shape)).toEqual([null, [1, 2, 20]]);
  // @ts-expect-error a Conv has no attribute of this name
  const misspelled = { stride: [2, 2] } satisfies Parameters<typeof editor.op.Conv>[1];
  expect(misspelled).toBeDefined();
});
