import { createBackend } from "@lowbit/backend-kit";
import {
  CompileError,
  modelBytes,
  newModel,
  parseGraph,
  printGraph,
  seeded,
  verifyModel,
  type Model,
} from "@lowbit/ir";
import { planText, quantizeModel, type QuantizedModel } from "@lowbit/quantize";
import { integerShare, whatRan, type Feeds } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { x86, x86Module, type X86Options } from "./x86.ts";

/** A stem, a residual block, a classifier. */
const residual = `g (float[N,3,16,16] image) => (float[N,10] logits)
<
  float[16,3,3,3] w1, float[16] b1, float[16,16,3,3] w2, float[16] b2, float[16,16,3,3] w3, float[16] b3,
  float[16,10] w4, float[10] b4
> {
  [stem] a = Conv <pads = [1, 1, 1, 1]> (image, w1, b1)
  r = Relu (a)
  [pool] p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
  [left] c = Conv <pads = [1, 1, 1, 1]> (p, w2, b2)
  d = Relu (c)
  [right] e = Conv <pads = [1, 1, 1, 1]> (d, w3, b3)
  [sum] s = Add (e, p)
  t = Relu (s)
  [mean] m = GlobalAveragePool (t)
  [flat] f = Flatten (m)
  [dense] logits = Gemm (f, w4, b4)
}`;

function samples(name: string, dims: readonly number[], count = 4): readonly Feeds[] {
  return Array.from({ length: count }, (_, i) => ({ [name]: seeded(`${name}${i}`, "float", dims) }));
}

async function quantized(
  text: string,
  options: X86Options = {},
  dims: readonly number[] = [8, 3, 16, 16],
): Promise<QuantizedModel> {
  const model = newModel(parseGraph(text));
  return quantizeModel(model, { backend: x86(options), data: samples(model.graph.inputs[0]!.name, dims) });
}

async function kernels(model: Model, dims: readonly number[] = [8, 3, 16, 16]): Promise<readonly string[]> {
  const [feeds] = samples(model.graph.inputs[0]!.name, dims);
  return (await whatRan(model, feeds!)).map((kernel) => kernel.op);
}

describe("x86 for speed", () => {
  test("keeps a convolution of few channels in float, and runs everything behind its pool on integers", async () => {
    const { model, plan } = await quantized(residual, { batch: 8 });
    const float = plan.skipped.map(({ node, reason }) => `${node.label}: ${reason}`);
    const [stem, clamp, pool, ...more] = float;
    expect(stem).toMatch(/^stem: at batch 8, the 2 ops around it take .* in float, and on integers/);
    expect(clamp).toMatch(/: the op before it stays float, and one kernel would compute both$/);
    expect(pool).toMatch(/^pool: at batch 8, the 2 ops around it take .* in float, and on integers/);
    expect(more).toEqual([]);
    expect(await kernels(model)).toMatchInlineSnapshot(`
      [
        "Conv",
        "MaxPool",
        "ReorderOutput",
        "QuantizeLinear",
        "Reshape",
        "Transpose",
        "Reshape",
        "QLinearConv",
        "QLinearConv",
        "QLinearAdd",
        "QLinearGlobalAveragePool",
        "Transpose",
        "Flatten",
        "QGemm",
      ]
    `);
  });

  test("takes a batch of 1 where neither the model nor the caller names one, and open dimensions as multiples of it", async () => {
    const text = (batch: string): string => `g (float[${batch},16,64] x) => (y) <float[64,256] w> {
      t = Transpose <perm = [1, 0, 2]> (x)
      [product] y = MatMul (t, w)
    }`;
    const reason = (batch: string, options: X86Options): string | undefined =>
      x86(options)
        .quantizer.annotate(parseGraph(text(batch)))
        .skipped.find(({ node }) => node.op === "Transpose")?.reason;
    expect(reason("N", {})).toBe(reason("1", {}));
    expect(reason("N", { batch: 4 })).toBe(reason("4", { batch: 4 }));
  });

  test("leaves in float what does not pay, without a trace of quantization", async () => {
    const { model, plan, optimized } = await quantized(
      `g (float[N,8,8,8] x) => (float[N,8,8,8] y) <float[8,1,3,3] w, float[8,8,1,1] v> {
      [depthwise] d = Conv <group = 8, pads = [1, 1, 1, 1]> (x, w)
      [small] y = Conv (d, v)
    }`,
      {},
      [2, 8, 8, 8],
    );
    expect(plan.specs.size).toBe(0);
    const [reason, ...others] = plan.skipped.map((each) => each.reason);
    expect(reason).toMatch(/^at batch 1, the 2 ops around it take .* in float, and on integers .* for conversions$/);
    expect(others).toEqual([reason]);
    expect(printGraph(model.graph)).toBe(printGraph(optimized.graph));
  });

  test("turns average pooling over the whole plane into the faster global one", async () => {
    const { model } = await quantized(
      `g (float[N,16,8,8] x) => (float[N,16,1,1] y) <float[16,16,3,3] w> {
      c = Conv <pads = [1, 1, 1, 1]> (x, w)
      y = AveragePool <kernel_shape = [8, 8]> (c)
    }`,
      { batch: 64 },
      [2, 16, 8, 8],
    );
    expect(await kernels(model, [2, 16, 8, 8])).toContain("QLinearGlobalAveragePool");
  });
});

describe("x86 with everything on integers", () => {
  test("runs every product on integers", async () => {
    const { model, plan } = await quantized(residual, { prefer: "integer" });
    expect(plan.skipped).toEqual([]);
    const [feeds] = samples("image", [8, 3, 16, 16]);
    expect(integerShare(await whatRan(model, feeds!))).toBe(1);
  });

  test("puts the zero point at the smallest code behind Relu, so that the Relu vanishes", async () => {
    const { model } = await quantized(residual, { prefer: "integer" });
    expect([...model.graph.nodes].filter((node) => node.op === "Relu")).toEqual([]);
  });

  test("fuses a clamp at 6 into the convolution before it", async () => {
    const text = `g (float[N,16,8,8] x) => (float[N,16,8,8] y)
    <float low = {0.0}, float high = {6.0}, float[16,16,1,1] w, float[16,16,1,1] v, float[16] b = {9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0}> {
      c = Conv (x, w, b)
      r = Clip (c, low, high)
      y = Conv (r, v)
    }`;
    const { model } = await quantized(text, { prefer: "integer" }, [2, 16, 8, 8]);
    expect(await kernels(model, [2, 16, 8, 8])).toEqual([
      "QuantizeLinear",
      "Transpose",
      "QLinearConv",
      "QLinearConv",
      "Transpose",
      "DequantizeLinear",
    ]);
  });
});

describe("a model lowered for x86", () => {
  test("is valid, says what it was lowered for, and declares the lowest opset", async () => {
    const { model } = await quantized(residual, { batch: 8 });
    expect(verifyModel(model)).toEqual([]);
    expect([model.metadata.get("lowbit.backend"), model.opsets.get(""), model.irVersion]).toEqual(["x86", 13, 8]);
  });

  test("keeps inputs and outputs as they were", async () => {
    const { model } = await quantized(residual, { prefer: "integer" });
    const ports = [...model.graph.inputs, ...model.graph.outputs].map((value) => [value.name, value.dtype]);
    expect(ports).toEqual([
      ["image", "float"],
      ["logits", "float"],
    ]);
  });

  test("is at least 3.5 times smaller than a perceptron in float", async () => {
    const text = `g (float[N,784] x) => (float[N,10] y)
    <float[784,100] w1, float[100] b1, float[100,100] w2, float[100] b2, float[100,10] w3, float[10] b3> {
      [fc1] a = Gemm (x, w1, b1)
      [relu1] b = Relu (a)
      [fc2] c = Gemm (b, w2, b2)
      [relu2] d = Relu (c)
      [fc3] y = Gemm (d, w3, b3)
    }`;
    const { model } = await quantized(text, {}, [8, 784]);
    const float = modelBytes(newModel(parseGraph(text))).length;
    expect(float / modelBytes(model).length).toBeGreaterThan(3.5);
  });
});

describe("the features of x86", () => {
  const weights = (text: string): string =>
    planText(createBackend(text, [x86Module], { prefer: "integer" }).quantizer.annotate(parseGraph(residual)))
      .split("\n")
      .find((line) => line.startsWith("left#W"))!;

  test("without VNNI take weights of 7 bits, with it of 8", () => {
    expect(weights("x86")).toBe("left#W = int8 -127..127 per-channel(0) symmetric");
    expect(weights("x86:vnni")).toBe(weights("x86"));
    expect(weights("x86:avx2")).toMatch(/^left#W = int8 -(\d+)\.\.\1 per-channel\(0\) symmetric$/);
  });

  test.each([
    ["x86:avx9", "backend/unknown-feature", 'backend x86 has no feature "avx9"; known are vnni, avx2'],
    ["x86:avx2,vnni", "backend/conflicting-features", 'backend x86: the features "avx2" and "vnni" exclude each other'],
    ["x87", "backend/unknown", 'there is no backend "x87"; known are x86'],
  ])("%s is refused", (text, code, message) => {
    const error = caught(() => createBackend(text, [x86Module]));
    expect([error.diagnostic.code, error.diagnostic.message]).toEqual([code, message]);
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
