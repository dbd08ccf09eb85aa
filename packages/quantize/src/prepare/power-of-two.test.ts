import { GraphEditor, Graph, Tensor, tensorType } from "@lowbit/ir";
import { expect, test } from "vitest";
import { convert } from "../convert/convert.ts";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { planFromJson, planToJson } from "../plan/plan-json.ts";
import { observed } from "../plan/spec.ts";
import { prepare } from "./prepare.ts";

/** y = x · w with one weight per column, all of which are quantized with scales that are powers of two. */
function planOf(columns: readonly number[]): QuantPlan {
  const editor = new GraphEditor(new Graph("g"));
  const x = editor.input("x", tensorType("float", [1, 1]));
  const w = editor.initializer(Tensor.of("float", columns, [1, columns.length]), "w", "parameter");
  const y = editor.op.MatMul([x, w]);
  editor.output(y);
  const granularity = { kind: "channel", axis: 1 } as const;
  const settings = { range: [-127, 127], symmetric: true, scales: "power-of-two" } as const;
  const use = y.producer!.operands[1]!;
  return createPlan(editor.graph, new Map([[use, observed("int8", { ...settings, granularity })]]));
}

function scalesFor(columns: readonly number[]): readonly number[] {
  const plan = planOf(columns);
  const graph = convert(prepare(plan.graph, plan, { mode: "static", ranges: new Map() }));
  const [node] = [...graph.nodes].filter((each) => each.op === "DequantizeLinear");
  return [...node!.inputs[1]!.initializer!.floats()];
}

test("scales are rounded up to a power of two, and those that are one stay", () => {
  expect(scalesFor([127, 128, 253, 1, 127 * 2 ** -9, 130 * 2 ** -9])).toEqual([1, 2, 2, 2 ** -6, 2 ** -9, 2 ** -8]);
});

test("every power of two stays as it is", () => {
  const powers = Array.from({ length: 35 }, (_, i) => 2 ** (i - 20));
  expect(scalesFor(powers.map((power) => 127 * power))).toEqual(powers);
});

test("a plan keeps them in JSON, and takes no others", () => {
  const plan = planOf([1]);
  const json = planToJson(plan);
  expect([...planFromJson(plan.graph, json).specs.values()]).toEqual([...plan.specs.values()]);
  const [[name, spec]] = Object.entries(json.points) as [[string, object]];
  const affine = { points: { [name]: { ...spec, symmetric: false } } } as typeof json;
  expect(() => planFromJson(plan.graph, affine)).toThrow('scales "power-of-two" must be power-of-two, and symmetric');
});
