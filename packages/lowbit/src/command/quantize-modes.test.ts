import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadModel } from "@lowbit/ir";
import type { PlanJson } from "@lowbit/quantize";
import { evaluate, openDataset } from "@lowbit/train";
import { mlp, Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(async () => {
  workshop = new Workshop().withMlp();
  await workshop.json("train mlp.onnx -o float.onnx --float --data train.npz --epochs 3 --lr 0.01 --threads 1");
});
afterAll(() => workshop.close());

async function accuracy(model: string): Promise<number> {
  const data = await openDataset(workshop.path("test.npz"), mlp().graph.inputs, { targets: "class" });
  return (await evaluate(workshop.path(model), data, { threads: 1 })).value;
}

function ops(model: string): readonly string[] {
  return [...loadModel(workshop.path(model)).graph.nodes].map(({ op }) => op);
}

test("weight-only needs no data, and verify tells what reads the codes", async () => {
  const { code, stdout, stderr } = await workshop.run(
    "quantize float.onnx -o small.onnx --backend x86 --mode weight-only --weights int4",
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatchInlineSnapshot(`
    "small.onnx: 2.90 kB -> 1.07 kB, 2.7 times smaller
    2 weights stored as codes; all products compute in float
    "
  `);
  expect(await accuracy("small.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.05);
  expect((await workshop.run("verify small.onnx")).stdout).toMatchInlineSnapshot(`
    "lowered for x86

    node     op    runs as  kernel       products  why
    fc1      Gemm  float    MatMulNBits       512  only its weights are codes: the kernel reads them, and rounds activations to 8 bits on the way unless the session says session.qdq_matmulnbits_accuracy_level 1
    max_out  Max   float                           there is no integer kernel for Max
    fc2      Gemm  float    MatMulNBits        96  only its weights are codes: the kernel reads them, and rounds activations to 8 bits on the way unless the session says session.qdq_matmulnbits_accuracy_level 1

    conversions left: none
    0.0 % of the multiply-accumulates run as integers
    "
  `);
});

test("dynamic needs no data, and runs on integers", async () => {
  const result = await workshop.json("quantize float.onnx -o dynamic.onnx --backend arm --mode dynamic");
  expect(result).toMatchObject({ mode: "dynamic", integerMacs: 1, samples: 0 });
  const reason = "only products of matrices have scales found at run time";
  expect(result["skipped"]).toEqual([{ node: "relu", op: "Relu", reason }]);
  expect(ops("dynamic.onnx").filter((op) => op === "MatMulInteger")).toHaveLength(2);
  expect(await accuracy("dynamic.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.02);
});

test("the plan of a mode is saved and read again", async () => {
  await workshop.json("quantize float.onnx -o first.onnx --backend x86 --mode dynamic --save-plan dynamic.json");
  await workshop.json("quantize float.onnx -o second.onnx --backend x86 --mode dynamic --plan dynamic.json");
  expect(ops("second.onnx")).toEqual(ops("first.onnx"));
});

test.each([
  ["dynamic", "--mode static", "static"],
  ["weight-only", "--mode dynamic", "dynamic"],
  ["static", "--mode weight-only", "weight-only"],
])("a plan of mode %s is not followed in another (%s)", async (mode, options, other) => {
  const data = "--backend x86 --calibrate train.npz";
  await workshop.json(`quantize float.onnx -o made.onnx ${data} --mode ${mode} --prefer integer --save-plan plan.json`);
  const { code, stdout, stderr } = await workshop.run(
    `quantize float.onnx -o never.onnx ${data} ${options} --plan plan.json`,
  );
  expect([code, stdout, stderr]).toEqual([
    1,
    "",
    `error quantize/plan-mode: the plan is of mode ${mode}, not ${other}\n  help: use it with --mode ${mode}, or leave it out to have a plan made for ${other}\n`,
  ]);
  expect(existsSync(workshop.path("never.onnx"))).toBe(false);
});

test("a scale that is pinned in a saved plan is the scale in the file, and a plan that contradicts itself writes none", async () => {
  const quantize = "quantize float.onnx --backend x86 --prefer integer --calibrate train.npz -o pinned.onnx";
  await workshop.json(`${quantize} --save-plan plan.json`);
  const plan = JSON.parse(readFileSync(workshop.path("plan.json"), "utf8")) as PlanJson;
  const edited = (name: string, spec: PlanJson["points"][string]): void =>
    workshop.write(name, JSON.stringify({ ...plan, points: { ...plan.points, "fc1#A": spec } }));
  edited("pin.json", { kind: "fixed", dtype: "uint8", scale: 0.03125, zeroPoint: 100 });
  await workshop.json(`${quantize} --plan pin.json`);
  const [first] = [...loadModel(workshop.path("pinned.onnx")).graph.nodes];
  expect(first!.inputs.slice(1).map((value) => value!.constant!.item())).toEqual([0.03125, 100]);
  edited("many.json", { kind: "observed", dtype: "uint8", granularity: { kind: "channel", axis: 1 } });
  const { code, stderr } = await workshop.run(`${quantize.replace("pinned", "never")} --plan many.json`);
  expect([code, existsSync(workshop.path("never.onnx"))]).toEqual([1, false]);
  expect(stderr).toContain(
    'error quantize/plan: "fc1#C" is an int32 bias with the scale of "fc1#A" times that of "fc1#B"',
  );
});

test("improvers round and rescale weights in any mode, and the grid they chose can be saved", async () => {
  await workshop.json(
    "quantize float.onnx -o rounded.onnx --backend x86 --mode weight-only --weights int4 --calibrate train.npz --improve awq,gptq --save-plan grid.json",
  );
  expect(await accuracy("rounded.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.03);
  await workshop.json("quantize float.onnx -o static.onnx --backend x86 --calibrate train.npz --improve adaround");
  expect(await accuracy("static.onnx")).toBeGreaterThan((await accuracy("float.onnx")) - 0.03);
});

test("codes that the backend has no kernels for are told", async () => {
  const { code, stderr } = await workshop.run(
    "quantize float.onnx -o int4.onnx --backend x86 --prefer integer --calibrate train.npz --weights int4",
  );
  expect(code).toBe(0);
  expect(stderr).toMatchInlineSnapshot(`
    "warning backend/no-kernel: x86 cannot run all of the plan on integers: fc1#B is int4, and the kernel for Gemm takes int8 (and 1 more)
      help: the file is right and computes these nodes in float; for smaller files alone there is --mode weight-only
    "
  `);
});

describe("what contradicts itself is wrong usage:", () => {
  test.each([
    ["--improve magic --calibrate train.npz", "It must name some of"],
    ["--improve gptq --mode weight-only", "--improve gptq looks at data: give some with --calibrate"],
    ["--improve gptq,adaround --calibrate train.npz", "--improve takes one of gptq, adaround, refit"],
    ["--mode dynamic --weights int4", "int4 weights are for --mode weight-only"],
    ["--mode dynamic --granularity block:32", "blocks are for --mode weight-only"],
    ["--mode static", "required option '--calibrate <DATA>' not specified"],
    ["--observer histogram --bins 1 --calibrate train.npz", "It must be a whole number of at least 16."],
    ["--mode sometimes", "Allowed choices are static, dynamic, weight-only"],
  ])("%s", async (options, message) => {
    const { code, stderr } = await workshop.run(`quantize float.onnx -o never.onnx --backend x86 ${options}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
