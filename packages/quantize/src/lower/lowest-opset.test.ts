import { parseModel, seeded } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { lowestOpset } from "./lowest-opset.ts";

const pooled = (scale: string, axis = ""): string => `g (float[1,2,4,4] x) => (float[1,2,2,2] y)
  <float s = {0.1}, uint8 z = {128}, float[2] ss = {0.1, 0.1}, uint8[2] zs = {128, 128}> {
    q = QuantizeLinear ${axis} (x, ${scale})
    d = DequantizeLinear ${axis} (q, ${scale})
    m = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (d)
    p = QuantizeLinear ${axis} (m, ${scale})
    y = DequantizeLinear ${axis} (p, ${scale})
  }`;

test.each([
  ["pooling between codes with one scale", pooled("s, z"), 12],
  ["codes with several scales", pooled("ss, zs", "<axis = 1>"), 13],
  ["pooling of floats", "g (float[1,2,4,4] x) => (y) { y = MaxPool <kernel_shape = [2, 2]> (x) }", 7],
])("declares what is needed for %s", (_, text, opset) => {
  const model = parseModel(text);
  runPasses(model, [lowestOpset]);
  expect(model.opsets.get("")).toBe(opset);
});

test.each([
  [
    "between conversions",
    "float s = {0.1}, uint8 z = {128}",
    "d = DequantizeLinear (x, s, z)\np = DepthToSpace <blocksize = 2> (d)\ny = QuantizeLinear (p, s, z)",
  ],
  ["on codes", "", "y = DepthToSpace <blocksize = 2> (x)"],
])("the declared opset lets ONNX Runtime load DepthToSpace %s", async (_, data, body) => {
  const model = parseModel(`g (uint8[1,4,2,2] x) => (uint8[1,1,4,4] y) <${data}> { ${body} }`);
  runPasses(model, [lowestOpset]);
  expect(model.opsets.get("")).toBe(13);
  const ran = await whatRan(model, { x: seeded("x", "uint8", [1, 4, 2, 2]) });
  expect(ran.map(({ op, inputs }) => `${op} ${inputs[0]?.dtype}`)).toEqual(["DepthToSpace uint8"]);
});

test("the declared opset lets ONNX Runtime round the float bias of a product of codes", async () => {
  const model = parseModel(`g (float[2,4] x) => (y) <float s = {0.1}, uint8 z = {128}, uint8[4,3] w, float[3] b> {
    q = QuantizeLinear (x, s, z)
    d = DequantizeLinear (q, s, z)
    v = DequantizeLinear (w, s, z)
    m = MatMul (d, v)
    a = Add (m, b)
    p = QuantizeLinear (a, s, z)
    y = DequantizeLinear (p, s, z)
  }`);
  runPasses(model, [lowestOpset]);
  expect(model.opsets.get("")).toBe(11);
  const ran = await whatRan(model, { x: seeded("x", "float", [2, 4]) });
  expect(ran.map(({ op }) => op)).toContain("QGemm");
});

test("the declared opset lets ONNX Runtime pool codes", async () => {
  const model = parseModel(pooled("s, z"));
  runPasses(model, [lowestOpset]);
  const ran = await whatRan(model, { x: seeded("x", "float", [1, 2, 4, 4]) });
  expect(ran.map(({ op, inputs }) => `${op} ${inputs[0]?.dtype}`)).toEqual([
    "QuantizeLinear float",
    "MaxPool uint8",
    "DequantizeLinear uint8",
  ]);
});
