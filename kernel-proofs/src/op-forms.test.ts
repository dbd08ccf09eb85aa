import { arm } from "@lowbit/backend-arm";
import { findUnits, type Backend } from "@lowbit/backend-kit";
import { x86 } from "@lowbit/backend-x86";
import { parseGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { floatTextOf } from "./graph-text.ts";
import { formsIn, formsOf } from "./op-forms.ts";
import { opGraphs } from "./op-graphs/all.ts";
import type { OpGraph } from "./op-graphs/op-graph.ts";
import { graphsFor } from "./op-subjects.ts";

const backends: readonly Backend[] = [
  x86({ prefer: "integer" }),
  x86({ prefer: "integer", features: ["avx2"] }),
  arm({ prefer: "integer" }),
  arm({ prefer: "integer", features: ["dotprod"] }),
  arm({ prefer: "integer", features: ["qnnpack"] }),
];

const formsByGraph = new Map(opGraphs.map((graph) => [graph, formsIn(graph)]));

function opsOf(backend: Backend): readonly string[] {
  return [...new Set(backend.capabilities.ops.map(({ op }) => op))];
}

function lacking(ops: readonly string[], graphs: readonly OpGraph[]): readonly string[] {
  const found = new Set(graphs.flatMap((graph) => formsByGraph.get(graph)!));
  return ops.flatMap(formsOf).filter((form) => !found.has(form));
}

/** Why the table has no kernel for the op that a graph is about. */
function reasonIn(graph: OpGraph, { capabilities }: Backend): string {
  const { unsupported } = findUnits(parseGraph(floatTextOf(graph)), capabilities);
  return [...unsupported].find(([{ op }]) => op === graph.op)?.[1] ?? "";
}

/** Ops and reasons of refused forms, each once. */
function reasons(lines: readonly string[]): readonly string[] {
  return [...new Set(lines.map((line) => line.replace(/^(\w+)[^:]*: (?:.*: (?=its|plain))?/, "$1: ")))];
}

/** The forms that a table has no kernel for in any graph, by the backend's name, with the reason. */
const refusedForms: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  backends.map((backend) => {
    const forms = lacking(opsOf(backend), graphsFor(backend)).map((form): [string, string] => {
      const graph = opGraphs.find((each) => formsByGraph.get(each)!.includes(form));
      return [form, graph ? reasonIn(graph, backend) : "no graph has it"];
    });
    return [backend.name, new Map(forms)];
  }),
);

/** The same as lines. */
function refused(backend: string): readonly string[] {
  return [...refusedForms.get(backend)!].map(([form, reason]) => `${form}: ${reason}`);
}

test("every op, attribute, optional operand and shape that matters has a graph", () => {
  const ops = [...new Set(backends.flatMap(opsOf))];
  expect(ops.filter((op) => !opGraphs.some((graph) => graph.op === op))).toEqual([]);
  expect(lacking(ops, opGraphs)).toEqual([]);
});

test("x86 has kernels for all forms but these", () => {
  expect(refused("x86")).toMatchInlineSnapshot(`
    [
      "Gemm.alpha: alpha is 0.5, the kernel needs 1",
      "Gemm.beta: beta is 0.5, the kernel needs 1",
      "Gemm.transA: transA is 1, the kernel needs 0",
      "AveragePool along 1.dilations: dilations are 2, the kernel needs 1",
      "AveragePool along 2.dilations: dilations are 2, 3, the kernel needs 1",
      "AveragePool along 3.dilations: dilations are 2, 3, 1, the kernel needs 1",
      "Softmax: one element: for one element along its axis the kernel gives 0 instead of 1",
      "Resize.antialias: mode is linear, the kernel needs nearest",
      "Resize.coordinate_transformation_mode = tf_crop_and_resize: coordinate_transformation_mode is tf_crop_and_resize: what lies outside of the image is no element of it",
      "Resize.cubic_coeff_a: mode is cubic, the kernel needs nearest",
      "Resize.exclude_outside: mode is cubic, the kernel needs nearest",
      "Resize.extrapolation_value: coordinate_transformation_mode is tf_crop_and_resize: what lies outside of the image is no element of it",
      "Resize.mode = linear: mode is linear, the kernel needs nearest",
      "Resize.mode = cubic: mode is cubic, the kernel needs nearest",
      "Resize with roi: coordinate_transformation_mode is tf_crop_and_resize: what lies outside of the image is no element of it",
      "Pad.mode = edge: it pads with something else than zeros",
      "Pad.mode = reflect: it pads with something else than zeros",
      "Pad.mode = wrap: it pads with something else than zeros",
      "Pad: something else: it pads with something else than zeros",
    ]
  `);
  expect(refused("x86:avx2")).toEqual(refused("x86"));
});

test("arm has kernels for the forms of x86, and for a Softmax of one element", () => {
  const more = "Softmax: one element";
  const expected = refused("x86").filter((line) => !line.startsWith(more));
  expect(refused("arm:dotprod")).toEqual(expected);
});

test("without dot products arm has no kernel for two activations", () => {
  const more = refused("arm").filter((line) => !refused("arm:dotprod").includes(line));
  expect(reasons(more)).toEqual([
    "MatMul: plain NEON adds products of two int8 activations in 16 bits, which overflow; arm:dotprod has a kernel",
  ]);
});

test("arm:qnnpack has kernels for fewer forms", () => {
  const own = refusedForms.get("arm:qnnpack")!;
  expect([...refusedForms.get("x86")!.keys()].filter((form) => !own.has(form))).toEqual([]);
  const more = refused("arm:qnnpack").filter((line) => !refused("x86").includes(line));
  expect(reasons(more)).toMatchInlineSnapshot(`
    [
      "Conv: its operand 0 has rank 3, the kernel needs 4",
      "Conv: its operand 0 has rank 5, the kernel needs 4",
      "MatMul: its weight "zd" is computed, not constant",
      "MatMul: its operand 1 has rank 3, the kernel needs 2",
      "MatMul: its weight "xd" is computed, not constant",
      "AveragePool: its operand 0 has rank 3, the kernel needs 4",
      "AveragePool: its operand 0 has rank 5, the kernel needs 4",
      "AveragePool: its padding does not count, and the kernel divides by the whole window",
      "AveragePool: ceil_mode is 1, the kernel needs 0",
    ]
  `);
});

test("a graph taken away is missed", () => {
  const without = (op: string, text: string): readonly string[] =>
    lacking(
      [op],
      opGraphs.filter(({ body, title }) => !body.includes(text) && !title.includes(text)),
    );
  expect(without("Pad", "wrap")).toEqual(["Pad.mode = wrap"]);
  expect(without("Concat", "of three")).toEqual(["Concat: 3"]);
  expect(
    lacking(
      ["Tile", "Sigmoid", "Mul"],
      opGraphs.filter(({ op }) => op !== "Mul"),
    ).length,
  ).toBeGreaterThan(5);
});
