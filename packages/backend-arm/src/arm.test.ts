import { createBackend } from "@lowbit/backend-kit";
import { CompileError, newModel, parseGraph, seeded, Tensor, verifyModel, type Model } from "@lowbit/ir";
import { deployModel, integerOperators, planText, quantizeModel, type QuantizedModel } from "@lowbit/quantize";
import { evaluate, floatArithmetic } from "@lowbit/reference";
import { integerShare, whatRan, type Feeds } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { arm, armModule } from "./arm.ts";

const text = `g (float[N,8,8,8] x) => (float[N,10] y)
<float[16,8,3,3] w1, float[16] b1, float[16,10] w2, float[10] b2> {
  [conv] c = Conv (x, w1, b1)
  r = Relu (c)
  [mean] m = GlobalAveragePool (r)
  [flat] f = Flatten (m)
  [dense] d = Gemm (f, w2, b2)
  [soft] y = Softmax (d)
}`;

const feeds: readonly Feeds[] = Array.from({ length: 4 }, (_, i) => ({ x: seeded(`x${i}`, "float", [8, 8, 8, 8]) }));

function quantized(model: Model): Promise<QuantizedModel> {
  return quantizeModel(model, { backend: arm({ prefer: "integer" }), data: feeds });
}

describe("arm", () => {
  test("plans int8 for activations and weights, and Softmax with its fixed scale", () => {
    expect(planText(arm({ prefer: "integer" }).quantizer.annotate(parseGraph(text)))).toMatchInlineSnapshot(`
      "conv#X = int8 per-tensor affine
      conv#W = int8 -127..127 per-channel(0) symmetric
      conv#B = int32 bias(conv#X, conv#W)
      r = int8 per-tensor affine
      mean#X = shared(r)
      m = int8 per-tensor affine
      flat#input = shared(m)
      f = shared(m)
      dense#A = shared(m)
      dense#B = int8 -127..127 per-channel(1) symmetric
      dense#C = int32 bias(dense#A, dense#B)
      d = int8 per-tensor affine
      soft#input = shared(d)
      y = int8 fixed(scale 0.00390625, zero point -128)"
    `);
  });

  test("gives a valid model whose products run on integers", async () => {
    const { model } = await quantized(newModel(parseGraph(text)));
    expect(verifyModel(model)).toEqual([]);
    expect(model.metadata.get("lowbit.backend")).toBe("arm");
    expect(integerShare(await whatRan(model, feeds[0]!))).toBe(1);
  });

  test("makes no scale smaller than 2^-12, however small the numbers", async () => {
    const model = newModel(parseGraph(text));
    const small = Tensor.fromTyped("float", [2, 8, 8, 8], new Float32Array(1024).fill(1e-6));
    const { graph } = (await quantizeModel(model, { backend: arm(), data: [{ x: small }] })).model;
    const scales = [...graph.nodes]
      .filter((node) => node.op === "QuantizeLinear" || (node.op === "DequantizeLinear" && node.input.dtype === "int8"))
      .flatMap((node) => [...node.inputs[1]!.initializer!.floats()]);
    expect(Math.min(...scales)).toBe(2 ** -12);
  });

  test("leaves a region without products in float for speed", () => {
    const plan = arm().quantizer.annotate(parseGraph("g (float[2] x) => (float[2] y) { y = Mul (x, x) }"));
    expect(plan.specs.size).toBe(0);
  });

  test.each([
    ["arm", "arm"],
    ["arm:neon", "arm"],
    ["arm:dotprod", "arm:dotprod"],
    ["arm:i8mm", "arm:dotprod"],
  ])("%s is the backend %s", (text, name) => {
    expect(createBackend(text, [armModule]).name).toBe(name);
  });

  test("multiplies two activations on integers only where dot products do not overflow", () => {
    const graph = parseGraph("g (float[2,6,8] x, float[2,8,5] w) => (y) { [product] y = MatMul (x, w) }");
    const plain = arm({ prefer: "integer" }).quantizer.annotate(graph);
    expect(plain.skipped.map(({ reason }) => reason)).toEqual([
      "plain NEON adds products of two int8 activations in 16 bits, which overflow; arm:dotprod has a kernel",
    ]);
    expect(arm({ prefer: "integer", features: ["dotprod"] }).quantizer.annotate(graph).skipped).toEqual([]);
  });

  test("refuses QNNPACK together with other kernels", () => {
    const error = caught(() => createBackend("arm:qnnpack,dotprod", [armModule]));
    expect([error.diagnostic.code, error.diagnostic.message]).toEqual([
      "backend/conflicting-features",
      'backend arm: the features "qnnpack" and "dotprod" exclude each other',
    ]);
  });
});

describe("arm:qnnpack", () => {
  const backend = arm({ prefer: "integer", features: ["qnnpack"] });

  test("plans uint8 with one scale per tensor for activations and weights, and codes behind every product", () => {
    expect(planText(backend.quantizer.annotate(parseGraph(text)))).toMatchInlineSnapshot(`
      "conv#X = uint8 per-tensor affine
      conv#W = uint8 1..255 per-tensor symmetric
      conv#B = int32 bias(conv#X, conv#W)
      r = uint8 per-tensor affine
      mean#X = shared(r)
      m = uint8 per-tensor affine
      flat#input = shared(m)
      f = shared(m)
      dense#A = shared(m)
      dense#B = uint8 1..255 per-tensor symmetric
      dense#C = int32 bias(dense#A, dense#B)
      d = uint8 per-tensor affine
      soft#input = shared(d)
      y = uint8 fixed(scale 0.00390625, zero point 0)"
    `);
  });

  test("pools planes with whole windows only, since the kernel divides by the window", () => {
    const reasonsFor = (attributes: string): readonly string[] => {
      const graph = parseGraph(`g (float[1,4,8,8] x) => (y) <float[4,4,1,1] w> {
        c = Conv (x, w)
        [pool] y = AveragePool <kernel_shape = [2, 2], ${attributes}> (c)
      }`);
      return backend.quantizer.annotate(graph).skipped.map(({ node, reason }) => `${node.label}: ${reason}`);
    };
    expect(reasonsFor("strides = [2, 2]")).toEqual([]);
    expect(reasonsFor("pads = [1, 1, 0, 0], count_include_pad = 1")).toEqual([]);
    expect(reasonsFor("pads = [1, 1, 0, 0]")).toEqual([
      "pool: its padding does not count, and the kernel divides by the whole window",
    ]);
    expect(reasonsFor("ceil_mode = 1")).toEqual(["pool: ceil_mode is 1, the kernel needs 0"]);
  });

  test("gives a model that ONNX Runtime runs on integers, at most a step away from QNNPACK's codes", async () => {
    const model = newModel(parseGraph(text));
    const { model: made, prepared } = await quantizeModel(model, { backend, data: feeds });
    expect(made.metadata.get("lowbit.backend")).toBe("arm:qnnpack");
    expect(integerShare(await whatRan(made, feeds[0]!))).toBe(1);
    const integers = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
    const outputs = [...integers.graph.nodes].flatMap((node) => (node.op === "QLinearConv" ? [node.output] : []));
    const run = (arithmetic: typeof backend.arithmetic): ArrayLike<number> =>
      evaluate(integers.graph, new Map(Object.entries(feeds[1]!)), { arithmetic, outputs })
        .get(outputs[0]!.name)!
        .numbers();
    const [own, runtime] = [run(backend.arithmetic), run(floatArithmetic)];
    const steps = Array.from(own, (code, i) => Math.abs(code - runtime[i]!));
    expect(Math.max(...steps)).toBe(1);
    expect(steps.filter((step) => step > 0).length).toBeLessThan(steps.length / 100);
  });

  test("refuses a product whose multiplier is not below 1", async () => {
    const model = newModel(
      parseGraph(`g (float[2,4] x) => (float[2,2] y) <float[4,2] w = {100.0, -100.0, -100.0, 100.0, 100.0, -100.0, -100.0, 100.0}> {
        [product] y = MatMul (x, w)
      }`),
    );
    const x = Tensor.fromTyped("float", [2, 4], new Float32Array([90, 90, 90, 90.0001, -90, -90, -90, -90]));
    const made = quantizeModel(model, { backend, data: [{ x }] });
    await expect(made).rejects.toMatchObject({
      diagnostic: { code: "backend/multiplier", where: { node: "product" } },
    });
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
