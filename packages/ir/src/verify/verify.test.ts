import { expect, test } from "vitest";
import { GraphEditor } from "../edit/graph-editor.ts";
import { mutable } from "../edit/mutable.ts";
import type { Model } from "../graph/model.ts";
import { Tensor } from "../tensor.ts";
import { parseGraph, parseModel } from "../text/parse.ts";
import { tensorType } from "../types.ts";
import { verifyGraph, verifyModel } from "./verify.ts";

function codes(model: Model): readonly string[] {
  return verifyModel(model).map((d) => `${d.severity} ${d.code} ${d.where?.node ?? d.where?.value ?? ""}`.trim());
}

function chain() {
  return parseModel(`g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { t = Add (x, w) y = Relu (t) }`);
}

test("a valid model has no findings", () => {
  expect(codes(chain())).toEqual([]);
  const loop = parseModel(`g (int64 n, bool c, float[2] x) => (y) {
    y = Loop (n, c, x) <body = b (int64 i, bool go, float[2] v) => (bool go2, float[2] w) {
      go2 = Identity (go)
      w = Add (v, x)
    }>
  }`);
  expect(codes(loop)).toEqual([]);
});

test("nodes that need each other are a cycle, nodes in the wrong order are not", () => {
  const model = chain();
  const [add, relu] = [...model.graph.nodes] as const;
  const editor = new GraphEditor(model.graph);
  editor.move(add!, null);
  expect(codes(model)).toEqual(["error graph/order y"]);
  editor.replaceUse(add!.operands[0]!, relu!.output);
  expect(codes(model)).toEqual(["error graph/cycle t"]);
});

test("a body's reads count for the order of the node around it", () => {
  const model = parseModel(`g (bool c, float[2] x) => (y) {
    t = Relu (x)
    y = If (c) <then_branch = a () => (p) { p = Relu (t) }, else_branch = b () => (q) { q = Relu (x) }>
  }`);
  new GraphEditor(model.graph).move(model.graph.nodes.first!, null);
  expect(codes(model)).toEqual(["error graph/order y"]);
});

test("operands must be in scope and know their readers", () => {
  const model = chain();
  const other = chain();
  const relu = model.graph.nodes.last!;
  mutable(relu).inputs[0] = other.graph.value("t")!;
  expect(codes(model)).toEqual(["error graph/uses t", "error graph/undefined-value y"]);
});

test("a use that no longer reads the value is found", () => {
  const model = chain();
  const relu = model.graph.nodes.last!;
  mutable(model.graph.value("x")!).uses.add(relu.operands[0]!);
  expect(codes(model)).toEqual(["error graph/uses x"]);
});

test("values without a source, and results of nodes that are gone, dangle", () => {
  const model = chain();
  const t = model.graph.value("t")!;
  mutable(t).producer = null;
  expect(codes(model)).toEqual(["error graph/dangling-value t", "error graph/links t"]);
});

test("names are unique", () => {
  const model = chain();
  mutable(model.graph.value("t")!).name = "w";
  expect(codes(model)).toEqual([
    "error graph/links t",
    "error graph/duplicate-name w",
    "error graph/undefined-value y",
  ]);
});

test("a body may not read an outer value whose name it has given away", () => {
  const model = parseModel(`g (bool c, float[2] x) => (y) {
    y = If (c) <then_branch = a () => (p) { x1 = Relu (x) p = Add (x1, x) }, else_branch = b () => (q) { q = Relu (x) }>
  }`);
  const body = model.graph.nodes.first!.subgraph("then_branch")!;
  new GraphEditor(body).rename(body.value("x1")!, "x");
  expect(codes(model)).toEqual([
    "error graph/shadowed-name x",
    "error graph/shadowed-name p",
    "warning graph/shadowed-name x",
  ]);
});

test("data must have the type of its value and the length of its type", () => {
  const model = chain();
  const w = model.graph.value("w")!;
  mutable(w).initializer = Tensor.of("float", [1, 2, 3]);
  expect(codes(model)).toEqual(["error graph/initializer w"]);
  mutable(w).initializer = new Tensor("float", [2], { byteLength: 7, read: () => new Uint8Array(7) });
  expect(codes(model)).toEqual(["error graph/initializer w"]);
});

test("operands, results and attributes follow the op's schema", () => {
  const model = chain();
  const editor = new GraphEditor(model.graph);
  const x = model.graph.value("x")!;
  const unknown = { kind: "int", value: 1n } as const;
  editor.node("Relu", [x], { slope: unknown }, { name: "extra" });
  editor.node("Add", [x], {}, { name: "lacking" });
  editor.node("LeakyRelu", [x], { alpha: { kind: "int", value: 1n } }, { name: "kind" });
  editor.setAttribute(editor.node("Cast", [x], { to: 1 }, { name: "untold" }), "to", null);
  editor.node("Frobnicate", [x], {}, { name: "made_up" });
  expect(codes(model)).toEqual([
    "warning op/attribute extra",
    "error op/arity lacking",
    "error op/attribute kind",
    "error op/attribute untold",
    "error shape/mismatch untold",
    "warning op/unknown made_up",
  ]);
});

test("a declared type that contradicts the op is an error, a vaguer one is not", () => {
  const model = chain();
  const editor = new GraphEditor(model.graph);
  editor.setType(model.graph.value("t")!, tensorType("float", ["N"]));
  expect(codes(model)).toEqual([]);
  editor.setType(model.graph.value("t")!, tensorType("float", [3]));
  expect(codes(model)).toEqual(["error op/type t", "error op/type y"]);
});

test("a domain must be imported, and an older opset is checked for structure only", () => {
  const model = parseModel(`<ir_version: 8, opset_import: ["": 9]> g (x) => (y) { y = Squeeze <axes = [0]> (x) }`, {
    infer: false,
  });
  expect(codes(model)).toEqual([]);
  model.opsets.clear();
  expect(codes(model)).toEqual(["error model/opset y"]);
});

test("functions must not call each other in a circle", () => {
  const model = parseModel(`
    <ir_version: 10, opset_import: ["": 21, "l": 1]> g (x) => (y) { y = l.F (x) }
    <domain: "l", opset_import: ["": 21, "l": 1]> F (v) => (w) { w = l.G (v) }
    <domain: "l", opset_import: ["": 21, "l": 1]> G (v) => (w) { w = l.F (v) }`);
  expect(verifyModel(model).map((d) => d.message)).toEqual(['local functions call each other in a circle: "F", "G"']);
});

test("a node list in a circle and a graph inside itself are found, not followed", () => {
  const graph = parseGraph(`g (x) => (y) { t = Relu (x) y = Relu (t) }`);
  mutable(graph.nodes.last!).next = graph.nodes.first;
  expect(verifyGraph(graph).map((d) => d.code)).toEqual(["graph/links"]);
  const nested = parseGraph(
    `g (c) => (y) { y = If (c) <then_branch = a () => (p) { p = Relu (c) }, else_branch = b () => (q) { q = Relu (c) }> }`,
  );
  mutable(nested.nodes.first!).attributes.set("else_branch", { kind: "graph", value: nested });
  expect(verifyGraph(nested).map((d) => d.code)).toEqual(["graph/links", "graph/links"]);
});
