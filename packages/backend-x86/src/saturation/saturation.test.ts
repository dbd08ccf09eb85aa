import { newModel, parseGraph, Tensor, type Diagnostic, type Model } from "@lowbit/ir";
import { integerOperators, quantizeModel, type QuantizedModel } from "@lowbit/quantize";
import { avx2Arithmetic, evaluate, floatArithmetic } from "@lowbit/reference";
import { describe, expect, test } from "vitest";
import { x86, type X86Options } from "../x86.ts";

/** The kinds of products, and a depthwise convolution, whose kernel is exact. */
const text = `g (float[1,6,8,8] x) => (float[1,5] y)
<float[8,6,3,3] w1, float[8,1,3,3] w2, float[12,4,3,3] w3, float[48,9] w4, float[5,9] w5, float[5] b> {
  [dense] c = Conv <pads = [1, 1, 1, 1]> (x, w1)
  [depthwise] d = Conv <group = 8> (c, w2)
  [grouped] e = Conv <group = 2, strides = [2, 2]> (d, w3)
  f = Flatten (e)
  [product] m = MatMul (f, w4)
  [gemm] y = Gemm <transB = 1> (m, w5, b)
}`;

function inputs(seed: number): Readonly<Record<string, Tensor>> {
  const data = Float32Array.from({ length: 384 }, (_, i) => Math.sin(12.9898 * (i + seed)) * (i % 3 === 0 ? 9 : 1));
  return { x: Tensor.fromTyped("float", [1, 6, 8, 8], data) };
}

async function quantized(options: X86Options): Promise<QuantizedModel> {
  const own = x86({ prefer: "integer", ...options });
  const backend = { ...own, lower: [...own.lower, integerOperators] };
  return quantizeModel(newModel(parseGraph(text)), { backend, data: [inputs(0), inputs(1)] });
}

/** Codes of all products that saturating sums change, on inputs far outside the calibrated ranges and within. */
function damage(integers: Model): number {
  const results = (arithmetic: typeof floatArithmetic, feeds: ReturnType<typeof inputs>): number[] => {
    const outputs = [...integers.graph.nodes].flatMap((node) => (/^QLinear|QGemm/.test(node.op) ? [node.output] : []));
    const found = evaluate(integers.graph, new Map(Object.entries(feeds)), { arithmetic, outputs });
    return outputs.flatMap((value) => [...found.get(value.name)!.numbers()]);
  };
  return [0, 1, 2, 3, 4, 5].reduce((sum, seed) => {
    const exact = results(floatArithmetic, inputs(seed));
    return sum + results(avx2Arithmetic, inputs(seed)).filter((code, i) => code !== exact[i]).length;
  }, 0);
}

function reaches({ plan }: Pick<QuantizedModel, "plan">): Readonly<Record<string, number>> {
  const entries = [...plan.specs].flatMap(([point, spec]) =>
    "node" in point && point.index === 1 && spec.kind === "observed" ? [[point.node.name, spec.range[1]] as const] : [],
  );
  return Object.fromEntries(entries);
}

function ours(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ code }) => code.startsWith("backend/"));
}

describe("without VNNI", () => {
  test("weights of 8 bits saturate, and each product that can is named", async () => {
    const { model, diagnostics } = await quantized({ features: ["avx2"], reduceRange: "none" });
    expect(damage(model)).toBeGreaterThan(0);
    expect(ours(diagnostics).map(({ code, where }) => [code, where?.node])).toEqual(
      ["dense", "grouped", "product", "gemm"].map((node) => ["backend/can-saturate", node]),
    );
  });

  test("each product keeps as many codes as cannot saturate, and depthwise convolutions all", async () => {
    const auto = await quantized({ features: ["avx2"] });
    expect(damage(auto.model)).toBe(0);
    expect(ours(auto.diagnostics).map(({ code }) => code)).toEqual(["backend/range-reduced"]);
    const found = reaches(auto);
    expect(found["depthwise"]).toBe(127);
    for (const name of ["dense", "grouped", "product", "gemm"]) {
      expect(found[name]).toBeGreaterThanOrEqual(64);
      expect(found[name]).toBeLessThan(127);
    }
    expect(Object.values(found).some((reach) => reach > 64 && reach < 127)).toBe(true);
  });

  test("all weights get 7 bits on request, whatever the CPU", async () => {
    for (const features of [[], ["avx2"]]) {
      const { model, plan } = await quantized({ features, reduceRange: "all" });
      expect(damage(model)).toBe(0);
      expect(new Set(Object.values(reaches({ plan })))).toEqual(new Set([64]));
    }
  });

  test("weights that will change get 7 bits", () => {
    const plan = x86({ prefer: "integer", features: ["avx2"] }).quantizer.annotate(parseGraph(text), {
      weightsChange: true,
    });
    expect(new Set(Object.values(reaches({ plan })))).toEqual(new Set([64]));
  });
});
