import { newModel, parseGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { convert, observed, planText, prepare } from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { Session } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { annotateFromCapabilities, quantizeEverything } from "./annotate.ts";
import type { CapabilityTable } from "./capabilities.ts";
import { fixedResult } from "./fixed-results.ts";

const ops = ["Sigmoid", "HardSigmoid", "Softmax", "Tanh"] as const;

test.each([
  ["uint8", { Sigmoid: [1 / 256, 0], HardSigmoid: [1 / 256, 0], Softmax: [1 / 256, 0], Tanh: [1 / 128, 128] }],
  ["int8", { Sigmoid: [1 / 256, -128], HardSigmoid: [1 / 256, -128], Softmax: [1 / 256, -128], Tanh: [1 / 128, 0] }],
] as const)("results in %s have the parameters of PyTorch's quantizers", (dtype, wanted) => {
  const found = Object.fromEntries(
    ops.map((op) => {
      const { scale, zeroPoint } = fixedResult(op, dtype);
      return [op, [scale, zeroPoint]];
    }),
  );
  expect(found).toEqual(wanted);
});

const graph = (): Graph =>
  parseGraph(`g (float[3,16] x) => (float[3,16] a, float[3,16] b, float[3,16] c, float[3,16] d) {
    [sigmoid] a = Sigmoid (x)
    [hard] b = HardSigmoid (x)
    [soft] c = Softmax (x)
    [tanh] d = Tanh (x)
  }`);

test("a backend with kernels for them plans them without calibration, and ONNX Runtime gives the planned codes", async () => {
  const table: CapabilityTable = {
    activation: observed("uint8"),
    weight: { ...observed("int8"), granularity: "tensor" },
    ops: ops.map((op) => ({ op, activations: ["uint8"], result: fixedResult(op, "uint8") })),
  };
  const plan = annotateFromCapabilities(graph(), table, quantizeEverything);
  expect(planText(plan)).toMatchInlineSnapshot(`
    "sigmoid#X = uint8 per-tensor affine
    a = uint8 fixed(scale 0.00390625, zero point 0)
    hard#X = shared(sigmoid#X)
    b = uint8 fixed(scale 0.00390625, zero point 0)
    soft#input = shared(sigmoid#X)
    c = uint8 fixed(scale 0.00390625, zero point 0)
    tanh#input = shared(sigmoid#X)
    d = uint8 fixed(scale 0.0078125, zero point 128)"
  `);
  const [root] = plan.specs.keys();
  const prepared = prepare(plan.graph, plan, { mode: "static", ranges: new Map([[root!, { min: [-4], max: [4] }]]) });
  const x = Tensor.of(
    "float",
    seeded("x", "float", [48])
      .numbers()
      .map((each) => 3 * each),
    [3, 16],
  );
  const session = await Session.create(newModel(convert(prepared)), { optimization: "disabled" });
  const found = await session.run({ x });
  await session.release();
  const wanted = evaluate(prepared, new Map([["x", x]]));
  for (const name of ["a", "b", "c", "d"]) {
    expect(found[name]!.floats()).toEqual(wanted.get(name)!.floats());
  }
});
