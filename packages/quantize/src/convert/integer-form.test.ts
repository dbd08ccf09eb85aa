import {
  GraphEditor,
  newModel,
  parseGraph,
  printGraph,
  seeded,
  verifyGraph,
  type Graph,
  type Tensor,
} from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { runPasses } from "@lowbit/rewrite";
import { optimizedGraph } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { foldClampIntoQuantize } from "../lower/fold-clamp-into-quantize.ts";
import { integerOperators } from "../lower/integer-operators/integer-operators.ts";
import { createPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { freezeObservers } from "../prepare/freeze-observers.ts";
import { learnScales } from "../prepare/learn-scales.ts";
import { prepare } from "../prepare/prepare.ts";
import { convert } from "./convert.ts";
import { integerForm } from "./integer-form.ts";

const text = `g (float[2,3,5,5] x) => (float[2,4,5,5] y) <float[4,3,3,3] w, float[4] b = {0.5, -0.25, 60.0, 0.0}> {
  [conv] c = Conv <pads = [1, 1, 1, 1]> (x, w, b)
  r = Relu (c)
  [sum] y = Add (r, r)
}`;

/** The graph prepared for training, its observers stopped. */
function prepared(weights: "int8" | "int4" = "int8"): Graph {
  const graph = parseGraph(text);
  const names = new PointNames(graph);
  const codes = weights === "int8" ? 127 : 7;
  const specs: Readonly<Record<string, QuantSpec>> = {
    "conv#X": observed("uint8"),
    "conv#W": observed(weights, { range: [-codes, codes], symmetric: true, granularity: { kind: "channel", axis: 0 } }),
    "conv#B": {
      kind: "derived",
      dtype: "int32",
      formula: "bias",
      from: [names.find("conv#X")!, names.find("conv#W")!],
    },
    r: observed("uint8"),
    y: observed("uint8"),
  };
  const entries = Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec]);
  const plan = createPlan(graph, new Map(entries));
  const ends: Readonly<Record<string, readonly [number, number]>> = { r: [0, 2], y: [0, 4] };
  const ranges = new Map(
    entries.map(([point], i): [QuantPoint, { min: number[]; max: number[] }] => {
      const [low, high] = ends[Object.keys(specs)[i]!] ?? [-1, 1];
      return [point, { min: [low], max: [high] }];
    }),
  );
  const result = prepare(graph, plan, { mode: "qat", ranges });
  freezeObservers(result);
  const editor = new GraphEditor(result);
  for (const name of ["w", "b"]) editor.setRole(result.value(name)!, "parameter");
  return result;
}

const lower = [foldClampIntoQuantize];

describe("the integer form of a graph in training", () => {
  test("has the operators of the deployed model, fed by weights that the graph quantizes itself", () => {
    const { graph, state } = integerForm(prepared(), { lower });
    expect(state).toEqual(["w", "b"]);
    expect([...graph.nodes].map((node) => node.op)).toMatchInlineSnapshot(`
      [
        "ObserveRange",
        "QuantizationParameters",
        "QuantizeLinear",
        "Abs",
        "Div",
        "Mul",
        "Max",
        "QuantizeLinear",
        "Mul",
        "Div",
        "Round",
        "Cast",
        "QLinearConv",
        "QLinearAdd",
        "DequantizeLinear",
      ]
    `);
  });

  test("gives the very codes of the converted model, a channel whose bias would overflow included", () => {
    const graph = prepared();
    const form = integerForm(graph, { lower });
    const deployed = newModel(convert(graph));
    runPasses(deployed, [...lower, integerOperators]);
    const x = seeded("x", "float", [2, 3, 5, 5]);
    const state = form.state.map((name): [string, Tensor] => [name, graph.value(name)!.initializer!]);
    const trained = evaluate(form.graph, new Map([["x", x], ...state]));
    const wanted = evaluate(deployed.graph, new Map([["x", x]])).get("y")!;
    expect(wanted.numbers().filter((value) => value > 0).length).toBeGreaterThan(50);
    expect(trained.get(form.graph.outputs[0]!.name)!.numbers()).toEqual(wanted.numbers());
  });

  test("tells which values an integer operator swallowed", () => {
    const graph = prepared();
    const { values } = integerForm(graph, { lower });
    const within = values.map(({ node, within: names }) => [node.input.name, names.map((value) => value.name)]);
    expect(within).toMatchInlineSnapshot(`
      [
        [
          "x",
          [],
        ],
        [
          "r",
          [
            "r",
            "c",
          ],
        ],
        [
          "y_1",
          [
            "y_1",
          ],
        ],
      ]
    `);
  });

  test("keeps a product in float where asked to, on the values of the codes", () => {
    const { graph, values } = integerForm(prepared(), { lower, onIntegers: () => false });
    expect([...graph.nodes].some((node) => node.is("QLinearConv"))).toBe(false);
    expect(values.find(({ node }) => node.input.name === "r")!.within.map((value) => value.name)).toEqual(["r"]);
  });

  test("multiplies weights of 4 bits in float, as ONNX Runtime does", () => {
    const { graph } = integerForm(prepared("int4"), { lower });
    expect([...graph.nodes].some((node) => node.is("QLinearConv"))).toBe(false);
  });

  test("holds learned scales still", () => {
    const graph = prepared();
    learnScales(graph);
    expect(integerForm(graph, { lower }).state).toEqual(["w", "b"]);
  });

  test.each([
    ["Relu", "z = Relu (h)  y = Neg (z)", "Gemm"],
    ["LeakyRelu", "z = LeakyRelu (h)  y = Neg (z)", "QGemm"],
    ["Relu that is the output", "y = Relu (h)", "QGemm"],
  ])("multiplies as ONNX Runtime does before a float %s", async (_, after, product) => {
    const graph = parseGraph(`g (float[2,3] x) => (float[2,4] y) <float[3,4] w> { [dense] h = Gemm (x, w) ${after} }`);
    const names = new PointNames(graph);
    const specs: readonly (readonly [string, QuantSpec])[] = [
      ["dense#A", observed("uint8")],
      ["dense#B", observed("int8", { range: [-127, 127], symmetric: true })],
    ];
    const points = specs.map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec]);
    const ranges = new Map(points.map(([point]) => [point, { min: [-1], max: [1] }]));
    const result = prepare(graph, createPlan(graph, new Map(points)), { mode: "qat", ranges });
    freezeObservers(result);
    new GraphEditor(result).setRole(result.value("w")!, "parameter");
    const form = integerForm(result, { lower }).graph;
    expect([...form.nodes].map((node) => node.op).filter((op) => op.endsWith("Gemm"))).toEqual([product]);
    const run = [...(await optimizedGraph(newModel(convert(result)))).model.graph.nodes].map((node) => node.op);
    expect(run.filter((op) => op.endsWith("Gemm"))).toEqual([product === "Gemm" ? "FusedGemm" : "QGemm"]);
  });

  test("is in order where a bias is computed behind the weights whose scales it widens", () => {
    const graph = prepared();
    const conv = graph.value("c")!.producer!;
    const editor = new GraphEditor(graph).before(conv);
    const [x, w, b] = conv.inputs;
    editor.setInputs(conv, [x!, w!, editor.op.Neg([b!])]);
    expect(verifyGraph(integerForm(graph, { lower }).graph)).toEqual([]);
  });

  test("leaves the graph as it is", () => {
    const graph = prepared();
    const before = printGraph(graph);
    integerForm(graph, { lower });
    expect(printGraph(graph)).toBe(before);
  });
});
