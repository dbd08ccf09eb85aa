import { parseGraph, newModel, type Graph } from "@lowbit/ir";
import {
  composeConvBatchNormalization,
  createPlan,
  learnScales,
  observed,
  PointNames,
  prepare,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import { describe, expect, test } from "vitest";
import { adam } from "../optimizer/adam.ts";
import { describeParameter, selectParameters } from "./parameters.ts";

/** As PyTorch exports it: folded weights have lost their names, nodes have those of the modules. */
const exported = (): Graph =>
  parseGraph(`net (float[N,3,8,8] x) => (float[N,5] y) <
      float[4,3,3,3] w497, float[4] b498, float[4,4,3,3] "layer4.0.conv1.weight", float[4] "layer4.0.bn1.weight",
      float[4] "layer4.0.bn1.bias", float[4] mean, float[4] var, float half = {0.5}, float low = {0.0}, float high = {6.0},
      float[4,5] "fc.weight", float[5] "fc.bias" > {
    ["/stem/stem.0/Conv"] a = Conv <pads = [1, 1, 1, 1]> (x, w497, b498)
    ["/stem/stem.1/Clip"] b = Clip (a, low, high)
    ["/layer4/layer4.0/conv1/Conv"] c = Conv (b, "layer4.0.conv1.weight")
    ["/layer4/layer4.0/bn1/BatchNormalization"] d =
      BatchNormalization (c, "layer4.0.bn1.weight", "layer4.0.bn1.bias", mean, var)
    ["/layer4/layer4.0/act/Mul"] e = Mul (d, half)
    f = GlobalAveragePool (e)
    g = Flatten (f)
    ["/fc/Gemm"] y = Gemm (g, "fc.weight", "fc.bias") }`);

/** With the normalization joined to its convolution, as for quantization-aware training. */
function composed(): Graph {
  const model = newModel(exported());
  runPasses(model, [composeConvBatchNormalization]);
  return model.graph;
}

/** With the first convolution and the last product quantized, their scales learned. */
function withLearnedScales(): Graph {
  const graph = exported();
  const names = new PointNames(graph);
  const weight = observed("int8", { range: [-127, 127], symmetric: true });
  const specs: readonly (readonly [string, QuantSpec])[] = [
    ["/stem/stem.0/Conv#X", observed("uint8")],
    ["/stem/stem.0/Conv#W", weight],
    ["/fc/Gemm#A", observed("uint8")],
    ["/fc/Gemm#B", weight],
  ];
  const points = specs.map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec]);
  const ranges = new Map(points.map(([point]) => [point, { min: [0], max: [1] }]));
  const prepared = prepare(graph, createPlan(graph, new Map(points)), { mode: "qat", ranges });
  learnScales(prepared);
  return prepared;
}

const chosen = (graph: Graph, only?: readonly string[], except?: readonly string[]): readonly string[] =>
  selectParameters(graph, only, except).map(({ name }) => name);

const layer4 = ["layer4.0.conv1.weight", "layer4.0.bn1.weight", "layer4.0.bn1.bias"];

describe.each([
  ["as exported", exported],
  ["with its normalization composed", composed],
])("the parameters of a model, %s, are chosen", (_, graph) => {
  test.each<[string, readonly string[]]>([
    ["w497", ["w497"]],
    ["layer4.*", layer4],
    ["/layer4/*", layer4],
    ["layer4.0.bn1.*", ["layer4.0.bn1.weight", "layer4.0.bn1.bias"]],
    ["*/bn1/*", ["layer4.0.bn1.weight", "layer4.0.bn1.bias"]],
    ["*/conv1/*", ["layer4.0.conv1.weight"]],
    ["/stem/stem.0/Conv", ["w497", "b498"]],
    ["stem.stem.0.Conv", ["w497", "b498"]],
    ["stem.0.Conv", ["w497", "b498"]],
    ["stem.0", ["w497", "b498"]],
    ["stem.*", ["w497", "b498"]],
    ["fc", ["fc.weight", "fc.bias"]],
    ["role:weight", ["w497", "layer4.0.conv1.weight", "fc.weight"]],
    ["role:bias", ["b498", "fc.bias"]],
    ["role:norm*", ["layer4.0.bn1.weight", "layer4.0.bn1.bias"]],
    ["half", ["half"]],
    ["*", ["w497", "b498", ...layer4, "fc.weight", "fc.bias"]],
  ])("by %s", (pattern, names) => {
    expect(chosen(graph(), [pattern])).toEqual(names);
  });

  test("by several patterns, and by all but some", () => {
    expect(chosen(graph(), ["fc", "stem.*"])).toEqual(["w497", "b498", "fc.weight", "fc.bias"]);
    expect(chosen(graph(), undefined, ["role:weight", "layer4.*"])).toEqual(["b498", "fc.bias"]);
    expect(chosen(graph(), ["stem.*", "fc.*"], ["role:bias"])).toEqual(["w497", "fc.weight"]);
  });

  test.each([
    ["layer5.*", 'did you mean "layer4.0.conv1" or "layer4.0.bn1"?'],
    ["layer4", 'did you mean "layer4.*"?'],
    ["/stem", 'did you mean "/stem/*"?'],
    ["role:weights", 'did you mean "role:weight"?'],
    ["role:gamma", "its parameters have the roles weight, bias, normalization"],
    [
      "role:scale",
      "its parameters have the roles weight, bias, normalization, scales where they are learned (--learn-scales)",
    ],
    [
      "backbone.stage1.*",
      "its parameters are w497 of /stem/stem.0/Conv, b498 of /stem/stem.0/Conv, layer4.0.conv1.weight, layer4.0.bn1.weight, layer4.0.bn1.bias, fc.weight and 1 more (`lowbit inspect --text`); `*` stands for any text",
    ],
  ])("and %s, which nothing fits, is refused with what would", (pattern, help) => {
    const diagnostic = { code: "train/no-parameters", severity: "error", help };
    const message = `no trainable parameter of the model matches "${pattern}"`;
    expect(() => selectParameters(graph(), ["fc", pattern])).toThrow(
      expect.objectContaining({ diagnostic: { ...diagnostic, message } }),
    );
    expect(() => selectParameters(graph(), undefined, [pattern])).toThrow(message);
  });
});

test("learned scales are chosen with the layers that read what they scale, or by their role", () => {
  expect(chosen(withLearnedScales(), ["role:scale"])).toHaveLength(4);
  expect(chosen(withLearnedScales(), ["fc"])).toEqual(expect.arrayContaining(["fc.weight.scale.log_ratio"]));
  const stem = ["b498", "w497", "w497.scale.log_ratio", "x.scale.log_ratio"];
  expect(chosen(withLearnedScales(), ["stem.*"]).toSorted()).toEqual(stem);
});

test("groups of an optimizer know parameters by the same patterns", () => {
  const optimizer = adam({
    groups: [
      { names: ["layer4.0.bn1"], learningRate: 3 },
      { names: ["/fc/*"], learningRate: 2 },
    ],
  });
  const groups = selectParameters(exported()).map((value) => optimizer.groupOf!(describeParameter(value)));
  const other = optimizer.groupOf!({ name: "w", names: ["w"], role: "weight", dims: [] });
  expect(groups).toEqual([other, other, other, 0, 0, 1, 1]);
  expect(other).toBeGreaterThan(1);
});
