import { newModel, parseGraph, printGraph, seeded, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { createPlan, planText } from "../plan/plan.ts";
import { planFromJson, planToJson, type PlanJson } from "../plan/plan-json.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, quantDTypes, type FixedSpec, type Granularity, type OwnSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { convert } from "./convert.ts";

const net = (): Graph =>
  parseGraph(`net (float[2,6,5,5] x) => (float[2,3] y) <float[4,6,3,3] w, float[36,3] m> {
    [conv] c = Conv (x, w)
    f = Flatten (c)
    [dense] y = MatMul (f, m)
  }`);

const granularities: readonly Granularity[] = [
  { kind: "tensor" },
  { kind: "channel", axis: 0 },
  { kind: "channel", axis: 1 },
  { kind: "block", axis: 0, size: 16 },
  { kind: "block", axis: 1, size: 4 },
];
const schemes = quantDTypes.flatMap((dtype) =>
  granularities.flatMap((granularity) => [true, false].map((symmetric) => observed(dtype, { granularity, symmetric }))),
);

/** The prepared graph and the converted one, with the same spec for both weights. */
function converted(spec: OwnSpec): { readonly prepared: Graph; readonly graph: Graph } {
  const source = net();
  const names = new PointNames(source);
  const plan = createPlan(source, new Map(["conv#W", "dense#B"].map((name) => [names.find(name)!, spec])));
  const prepared = prepare(source, plan, { mode: "static", ranges: new Map() });
  return { prepared, graph: convert(prepared) };
}

test.each(schemes)("weights $dtype $granularity symmetric $symmetric convert to what they simulate", async (spec) => {
  const { prepared, graph } = converted(spec);
  expect(graph.value("w")!.dtype).toBe(spec.dtype);
  const x = seeded("x", "float", [2, 6, 5, 5]);
  const session = await Session.create(newModel(graph), { optimization: "disabled", threads: 1 });
  const actual = (await session.run({ x }))["y"]!.floats();
  await session.release();
  const wanted = evaluate(prepared, new Map([["x", x]]))
    .get("y")!
    .floats();
  for (const [i, value] of wanted.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-5);
});

/** The grid that `observed` finds for both weights, as fixed specs. */
function fixedLike(graph: Graph, spec: OwnSpec): Readonly<Record<string, FixedSpec>> {
  const { dtype, range, granularity } = spec;
  const grid = (weight: string): FixedSpec => {
    const dequantize = [...graph.value(weight)!.users][0]!;
    const [, scale, zeroPoint] = dequantize.inputs.map((value) => [...value!.constant!.numbers()]);
    return { kind: "fixed", dtype, range, granularity, scale: scale!, zeroPoint: zeroPoint! };
  };
  return { "conv#W": grid("w"), "dense#B": grid("m") };
}

test.each(schemes)(
  "the scales of $dtype $granularity symmetric $symmetric, fixed and saved, give the same file",
  (spec) => {
    const { graph } = converted(spec);
    const source = net();
    const names = new PointNames(source);
    const specs = Object.entries(fixedLike(graph, spec)).map(([name, each]) => [names.find(name)!, each] as const);
    const plan = createPlan(source, new Map(specs));
    const json = JSON.parse(JSON.stringify(planToJson(plan))) as PlanJson;
    const again = planFromJson(source, json);
    expect(planText(again)).toBe(planText(plan));
    const fixedGraph = convert(prepare(source, again, { mode: "static", ranges: new Map() }));
    expect(printGraph(fixedGraph)).toBe(printGraph(graph));
  },
);
