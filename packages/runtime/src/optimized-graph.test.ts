import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadModel, parseModel, printGraph, verifyGraph } from "@lowbit/ir";
import { materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { optimizedGraph, type OptimizedGraph } from "./optimized-graph.ts";

/** Without the blocked layouts, which not every machine has. */
const options = { optimization: "extended" } as const;

async function report(text: string): Promise<string> {
  return reportText(await optimizedGraph(parseModel(text), options));
}

function reportText({ sources, nodes }: OptimizedGraph): string {
  const lines = sources.map(({ node, op, fate, by }) => `${op} ${node}: ${fate}${by ? ` ${by.op} ${by.node}` : ""}`);
  const added = nodes.filter((node) => node.sources.length === 0).map(({ op, node }) => `${op} ${node}: added`);
  return [...lines, ...added].join("\n");
}

test("kept, fused, folded and removed nodes are told apart", async () => {
  const text = `g (float[1,2,5,5] x) => (float[1,3,3,3] y)
    <float[3,2,3,3] w, float[3,2,3,3] d, float[3] b> {
      s = Neg (d)
      v = Add (w, s)
      t = Identity (x)
      [conv] c = Conv (t, v, b)
      [relu] r = Relu (c)
      [top] y = Softmax <axis = 1> (r)
    }`;
  expect(await report(text)).toMatchInlineSnapshot(`
    "Neg s: folded
    Add v: folded
    Identity t: removed
    Conv conv: merged FusedConv conv
    Relu relu: merged FusedConv conv
    Softmax top: kept Softmax top"
  `);
});

test("quantized products take in what dequantizes their operands and quantizes their results", async () => {
  const text = `g (float[1,4] x) => (float[1,3] y)
    <int8[4,3] w, float[1] ws = {0.1}, int8[1] wz = {0}, float s = {0.1}, uint8 z = {128}> {
      q = QuantizeLinear (x, s, z)
      a = DequantizeLinear (q, s, z)
      b = DequantizeLinear (w, ws, wz)
      m = MatMul (a, b)
      p = QuantizeLinear (m, s, z)
      y = DequantizeLinear (p, s, z)
    }`;
  expect(await report(text)).toMatchInlineSnapshot(`
    "QuantizeLinear q: kept QuantizeLinear q
    DequantizeLinear a: merged QLinearMatMul m
    DequantizeLinear b: merged QLinearMatMul m
    MatMul m: merged QLinearMatMul m
    QuantizeLinear p: merged QLinearMatMul m
    DequantizeLinear y: kept DequantizeLinear y"
  `);
});

test("nodes of bodies are told too, and names are the model's own", async () => {
  const text = `g (bool c, float[2] x) => (float[2] y) {
    [choose] y = If (c) <
      then_branch = t () => (float[2] a) { n = Neg (x) a = Abs (n) },
      else_branch = e () => (float[2] b) { i = Identity (x) b = Exp (i) }
    >
  }`;
  const optimized = await optimizedGraph(parseModel(text), options);
  expect(reportText(optimized)).toMatchInlineSnapshot(`
    "If choose: kept If choose
    Neg n: kept Neg n
    Abs a: kept Abs a
    Identity i: removed
    Exp b: kept Exp b"
  `);
  expect(printGraph(optimized.model.graph)).toMatchInlineSnapshot(`
    "g (bool c, float[2] x) => (float[2] y) {
      [choose] y = If (c) <
        else_branch = e () => (float[2] b) {
          [b] b = Exp (x)
        },
        then_branch = t () => (float[2] a) {
          [n] n = Neg (x)
          [a] a = Abs (n)
        }
      >
    }"
  `);
});

const folder = materialsFolder();
const models = folder === null ? "" : join(folder, "models");
const names =
  folder === null
    ? ["a real model"]
    : readdirSync(models, { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".onnx"))
        .toSorted();

test.skipIf(folder === null).each(names)("every node of %s is accounted for", async (name) => {
  const model = loadModel(join(models, name));
  const { sources, nodes, model: optimized } = await optimizedGraph(model);
  for (const { fate, by } of sources) expect(by === null).toBe(fate === "folded" || fate === "removed");
  const computed = sources.filter(({ by }) => by !== null).map(({ node }) => node);
  expect(nodes.flatMap((node) => node.sources).toSorted()).toEqual(computed.toSorted());
  expect(verifyGraph(optimized.graph, { opsets: new Map() }).filter(({ code }) => code.startsWith("graph/"))).toEqual(
    [],
  );
  // What a node computes, another one cannot have become: products are never lost.
  const products = sources.filter(({ op }) => ["Conv", "Gemm", "MatMul"].includes(op));
  expect(products.filter(({ fate }) => fate === "removed")).toEqual([]);
});
