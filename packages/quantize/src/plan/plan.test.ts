import { CompileError, GraphEditor, parseGraph, type Graph } from "@lowbit/ir";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffPlans, diffText, mergePlans } from "./compare-plans.ts";
import { keepFloat, nodesMatching, withSpec } from "./edit-plan.ts";
import { createPlan, planText, type QuantPlan } from "./plan.ts";
import { planFromJson, planToJson, type PlanJson } from "./plan-json.ts";
import { PointNames } from "./point-names.ts";
import { sharingGroups } from "./sharing.ts";
import {
  fixed,
  observed,
  observerNames,
  quantDTypes,
  type Granularity,
  type QuantPoint,
  type QuantSpec,
} from "./spec.ts";

const text = `
g (float[1,3,8,8] x) => (float[1,4,2,2] y)
<float[4,3,3,3] w, float[4] b, float[4,4,1,1] k> {
  [conv] c = Conv (x, w, b)
  r = Relu (c)
  [pool] p = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (r)
  [last] y = Conv (p, k)
}`;

function exampleGraph(): Graph {
  return parseGraph(text);
}

const activation = observed("uint8");
const weight = observed("int8", { range: [-127, 127], symmetric: true, granularity: { kind: "channel", axis: 0 } });

function planOf(
  graph: Graph,
  specs: Readonly<Record<string, QuantSpec | ((at: (name: string) => QuantPoint) => QuantSpec)>>,
): QuantPlan {
  const names = new PointNames(graph);
  const at = (name: string): QuantPoint => names.find(name)!;
  return createPlan(
    graph,
    new Map(Object.entries(specs).map(([name, spec]) => [at(name), typeof spec === "function" ? spec(at) : spec])),
  );
}

function examplePlan(graph: Graph): QuantPlan {
  return planOf(graph, {
    "pool#X": (at) => ({ kind: "shared", with: at("r") }),
    p: (at) => ({ kind: "shared", with: at("pool#X") }),
    r: activation,
    "conv#X": activation,
    "conv#W": weight,
    "conv#B": (at) => ({ kind: "derived", dtype: "int32", formula: "bias", from: [at("conv#X"), at("conv#W")] }),
    "last#X": (at) => ({ kind: "shared", with: at("p") }),
  });
}

describe("a plan", () => {
  test("prints one line per point in graph order", () => {
    expect(planText(examplePlan(exampleGraph()))).toMatchInlineSnapshot(`
      "conv#X = uint8 per-tensor affine
      conv#W = int8 -127..127 per-channel(0) symmetric
      conv#B = int32 bias(conv#X, conv#W)
      r = uint8 per-tensor affine
      pool#X = shared(r)
      p = shared(pool#X)
      last#X = shared(p)"
    `);
  });

  test("prints the nodes that stay float with the reason", () => {
    const graph = exampleGraph();
    const plan = createPlan(graph, new Map(), [{ node: graph.node("pool")!, reason: "no integer kernel" }]);
    expect(planText(plan)).toBe("float pool (MaxPool): no integer kernel");
  });

  test("comes back from JSON as it was", () => {
    const graph = exampleGraph();
    const plan = examplePlan(graph);
    const json = JSON.parse(JSON.stringify(planToJson(plan))) as PlanJson;
    expect(planText(planFromJson(graph, json))).toBe(planText(plan));
  });

  test("groups the points that share parameters", () => {
    const graph = exampleGraph();
    const names = new PointNames(graph);
    const groups = sharingGroups(examplePlan(graph)).groups;
    expect(groups.map((group) => group.members.map((point) => names.of(point)).join(" "))).toEqual([
      "conv#X",
      "conv#W",
      "r pool#X p last#X",
    ]);
  });

  test("must not refer to a point without a spec", () => {
    const graph = exampleGraph();
    expect(() => planOf(graph, { p: (at) => ({ kind: "shared", with: at("r") }) })).toThrow(CompileError);
  });
});

describe("keeping nodes in float", () => {
  test("drops their operands, but not values that integer kernels compute or read", () => {
    const graph = exampleGraph();
    const nodes = nodesMatching(graph, ["po*"]);
    expect(planText(keepFloat(examplePlan(graph), nodes))).toMatchInlineSnapshot(`
      "conv#X = uint8 per-tensor affine
      conv#W = int8 -127..127 per-channel(0) symmetric
      conv#B = int32 bias(conv#X, conv#W)
      r = uint8 per-tensor affine
      p = shared(r)
      last#X = shared(r)
      float pool (MaxPool): kept in float on request"
    `);
  });

  test("drops values that nobody reads or computes as codes any more", () => {
    const graph = exampleGraph();
    const nodes = nodesMatching(graph, ["pool", "last", "conv"]);
    expect(planText(keepFloat(examplePlan(graph), nodes))).toMatchInlineSnapshot(`
      "float pool (MaxPool): kept in float on request
      float last (Conv): kept in float on request
      float conv (Conv): kept in float on request
      float r (Relu): what it reads and gives is float now"
    `);
  });

  test("hands the spec of a dropped point to those that shared it", () => {
    const graph = exampleGraph();
    const nodes = nodesMatching(graph, ["pool"]);
    const plan = planOf(graph, { "pool#X": activation, "last#X": (at) => ({ kind: "shared", with: at("pool#X") }) });
    expect(planText(keepFloat(plan, nodes))).toBe(
      "last#X = uint8 per-tensor affine\nfloat pool (MaxPool): kept in float on request",
    );
  });

  test("finds a node by the name of a model node that a rewrite made it of", () => {
    const graph = exampleGraph();
    const editor = new GraphEditor(graph);
    const origin = { kind: "rewrite", rule: "fuse", from: [{ kind: "model", node: "before/fusion" }] } as const;
    const node = editor.node("Relu", [graph.inputs[0]!], {}, { origin });
    expect([...nodesMatching(graph, ["before/*"])]).toEqual([node]);
  });

  test("refuses a pattern that matches nothing", () => {
    const { diagnostic } = caught(() => nodesMatching(exampleGraph(), ["conv7"]));
    expect([diagnostic.code, diagnostic.message]).toEqual(["quantize/keep-float", '"conv7" matches no node']);
  });
});

describe("two plans", () => {
  test("differ in the points whose specs changed", () => {
    const graph = exampleGraph();
    const before = examplePlan(graph);
    const after = withSpec(before, new PointNames(graph).find("p")!, fixed("uint8", 0.5, 0));
    expect(diffText(before, diffPlans(before, after))).toMatchInlineSnapshot(`
      "- r = uint8 per-tensor affine
      + r = uint8 fixed(scale 0.5, zero point 0)"
    `);
  });

  test("tell fixed scales of channels apart", () => {
    const graph = exampleGraph();
    const scales = (last: number): QuantSpec => ({
      ...fixed("int8", 1, 0),
      granularity: { kind: "channel", axis: 0 },
      scale: [0.5, 0.25, 1, last],
      zeroPoint: [0, 0, 0, 0],
    });
    const [before, after] = [2, 4].map((last) => planOf(graph, { "conv#W": scales(last) }));
    expect(diffText(before!, diffPlans(before!, after!))).toMatchInlineSnapshot(`
      "- conv#W = int8 per-channel(0) fixed(scales 0.25 to 2, zero point 0)
      + conv#W = int8 per-channel(0) fixed(scales 0.25 to 4, zero point 0)"
    `);
    expect(diffPlans(before!, planOf(graph, { "conv#W": scales(2) }))).toEqual([]);
  });

  test("merge, and where they disagree the first wins and the conflict is reported", () => {
    const graph = exampleGraph();
    const names = new PointNames(graph);
    const first = planOf(graph, { r: activation });
    const second = planOf(graph, { r: observed("int8"), "conv#W": weight });
    const merged = mergePlans(first, second);
    expect(planText(merged.plan)).toMatchInlineSnapshot(`
      "conv#W = int8 -127..127 per-channel(0) symmetric
      r = uint8 per-tensor affine"
    `);
    expect(merged.conflicts.map(({ point }) => names.of(point))).toEqual(["r"]);
  });
});

/** Whether a weight has scales along its inputs, from which no bias can be derived. */
function isAcross(spec: QuantSpec): boolean {
  return "granularity" in spec && spec.granularity.kind === "channel" && spec.granularity.axis !== 0;
}

test("plans of all kinds of specs come back from JSON as they were", () => {
  const graph = exampleGraph();
  const names = new PointNames(graph);
  const at = (name: string): QuantPoint => names.find(name)!;
  const activations = ["x", "conv#X", "r", "pool#X", "p", "last#X"];
  const dtype = fc.constantFrom(...quantDTypes);
  const own = (isData: boolean): fc.Arbitrary<QuantSpec> =>
    fc.oneof(
      fc
        .tuple(dtype, fc.double({ min: 1e-6, max: 10, noNaN: true }), fc.integer({ min: 0, max: 7 }))
        .map((each) => fixed(...each)),
      fc
        .record({
          symmetric: fc.boolean(),
          granularity: isData
            ? fc.constantFrom<Granularity>(
                { kind: "tensor" },
                { kind: "channel", axis: 0 },
                { kind: "block", axis: 1, size: 2 },
              )
            : fc.constantFrom<Granularity>({ kind: "tensor" }, { kind: "channel", axis: 1 }),
          eps: fc.double({ min: 1e-9, max: 1, noNaN: true }),
          observer: fc.constantFrom(...observerNames),
        })
        .chain((settings) => dtype.map((each) => observed(each, settings))),
    );
  const specs = fc.record({
    activations: fc.tuple(...activations.map(() => fc.option(own(false)))),
    weights: fc.tuple(own(true), fc.option(own(true))),
    isShared: fc.boolean(),
  });
  fc.assert(
    fc.property(specs, ({ activations: chosen, weights, isShared }) => {
      const points = new Map<QuantPoint, QuantSpec>([[at("conv#W"), weights[0]]]);
      for (const [i, spec] of chosen.entries()) if (spec) points.set(at(activations[i]!), spec);
      if (weights[1]) points.set(at("last#W"), weights[1]);
      if (isShared && points.has(at("r"))) points.set(at("pool#X"), { kind: "shared", with: at("r") });
      const data = points.get(at("conv#X"));
      if (data && "granularity" in data && data.granularity.kind === "tensor" && !isAcross(weights[0])) {
        const from = [at("conv#X"), at("conv#W")] as const;
        points.set(at("conv#B"), { kind: "derived", dtype: "int32", formula: "bias", from });
      }
      const plan = createPlan(graph, points, [{ node: graph.node("pool")!, reason: "a reason" }]);
      const back = planFromJson(graph, JSON.parse(JSON.stringify(planToJson(plan))) as PlanJson);
      expect(diffPlans(plan, back)).toHaveLength(0);
      expect(planText(back)).toBe(planText(plan));
    }),
  );
});

describe("a plan in JSON is refused when", () => {
  const refused: readonly (readonly [string, unknown, string])[] = [
    [
      "a name is unknown",
      { points: { q: { kind: "observed", dtype: "int8" } } },
      'the plan names "q", which the graph does not have',
    ],
    [
      "a dtype cannot hold codes",
      { points: { r: { kind: "observed", dtype: "float" } } },
      'dtype "float" must be one of int8, uint8, int4, uint4, int16, uint16',
    ],
    [
      "a range leaves the dtype",
      { points: { r: { kind: "observed", dtype: "int8", range: [0, 255] } } },
      "range 0..255 must lie within the -128..127 of int8",
    ],
    [
      "a scale is not positive",
      { points: { r: { kind: "fixed", dtype: "int8", scale: 0, zeroPoint: 0 } } },
      "scale 0 must be a positive number",
    ],
    [
      "there are not as many scales as channels",
      {
        points: {
          "conv#W": {
            kind: "fixed",
            dtype: "int8",
            granularity: { kind: "channel", axis: 0 },
            scale: [1, 2, 3],
            zeroPoint: [0, 0, 0, 0],
          },
        },
      },
      "3 scales given, per-channel(0) takes 4",
    ],
    [
      "one of several scales is not positive",
      { points: { r: { kind: "fixed", dtype: "int8", scale: [1, -1], zeroPoint: [0, 0] } } },
      "scale -1 must be a positive number",
    ],
    [
      "fixed scales run along an axis that is not there",
      {
        points: {
          r: { kind: "fixed", dtype: "int8", granularity: { kind: "channel", axis: 4 }, scale: 1, zeroPoint: 0 },
        },
      },
      "axis 4 must be below the rank 4 of the data",
    ],
    [
      "parameters are shared in a circle",
      { points: { r: { kind: "shared", with: "p" }, p: { kind: "shared", with: "r" } } },
      '"r" shares its parameters with itself',
    ],
    [
      "codes per channel have no axis",
      { points: { r: { kind: "observed", dtype: "int8", granularity: { kind: "channel", axis: 4 } } } },
      'per-channel(4) codes need an axis of "r", whose shape is [1,4,6,6]',
    ],
    [
      "an activation shares the scales of a weight's channels",
      {
        points: {
          "conv#W": { kind: "observed", dtype: "int8", granularity: { kind: "channel", axis: 1 } },
          r: { kind: "shared", with: "conv#W" },
        },
      },
      '"r" cannot share the per-channel(1) codes of "conv#W": it has not as many scales',
    ],
    [
      "a bias is made of scales per channel of the data",
      {
        points: {
          "conv#X": { kind: "observed", dtype: "uint8", granularity: { kind: "channel", axis: 1 } },
          "conv#W": { kind: "observed", dtype: "int8" },
          "conv#B": { kind: "derived", from: ["conv#X", "conv#W"] },
        },
      },
      '"conv#B" is an int32 bias with the scale of "conv#X" times that of "conv#W", and the first has per-channel(1) scales',
    ],
    [
      "a bias is made of a scale that is found while the model runs",
      {
        points: {
          "conv#X": { kind: "dynamic" },
          "conv#W": { kind: "observed", dtype: "int8" },
          "conv#B": { kind: "derived", from: ["conv#X", "conv#W"] },
        },
      },
      '"conv#B" is an int32 bias with the scale of "conv#X" times that of "conv#W", and the first is only known while the model runs',
    ],
    [
      "a bias is made of scales of input channels",
      {
        points: {
          "conv#X": { kind: "observed", dtype: "uint8" },
          "conv#W": { kind: "observed", dtype: "int8", granularity: { kind: "channel", axis: 1 } },
          "conv#B": { kind: "derived", from: ["conv#X", "conv#W"] },
        },
      },
      '"conv#B" is an int32 bias with the scale of "conv#X" times that of "conv#W", and the second has scales along axis 1, not along its output channels (axis 0)',
    ],
    [
      "an activation has blocks",
      { points: { r: { kind: "observed", dtype: "int4", granularity: { kind: "block", axis: 1, size: 2 } } } },
      "per-block(1, 2) codes are for data of the model, not for activations",
    ],
    [
      "the smallest scale is not positive",
      { points: { r: { kind: "observed", dtype: "int8", eps: -1 } } },
      "eps -1 must be a positive number",
    ],
    [
      "a kind is unknown",
      { points: { r: { kind: "guessed" } } },
      'the kind of a spec must be "observed", "fixed", "dynamic", "shared" or "derived"',
    ],
    ["skipped nodes are no list", { points: {}, skipped: 5 }, '"skipped" must be a list of nodes with reasons'],
    ["a skipped node is nothing", { points: {}, skipped: [null] }, '"skipped" must be a list of nodes with reasons'],
    ["patterns are no list", { points: {}, keepFloat: "conv" }, '"keepFloat" must be a list of patterns'],
    [
      "symmetric is a word",
      { points: { "conv#X": { kind: "observed", dtype: "int8", symmetric: "yes" } } },
      'symmetric must be true or false, not "yes"',
    ],
    [
      "a range is a number",
      { points: { "conv#X": { kind: "observed", dtype: "int8", range: 7 } } },
      "range 7 must be two integers",
    ],
  ];
  test.each(refused)("%s", (_, json, message) => {
    const error = caught(() => planFromJson(exampleGraph(), json as PlanJson));
    expect([error.diagnostic.code, error.diagnostic.message]).toEqual(["quantize/plan", message]);
  });
});

function caught(run: () => unknown): CompileError {
  try {
    run();
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
